using System.Diagnostics;
using System.Numerics.Tensors;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;

namespace NnCluster.Training;

/// <summary>Result of an optimizer step.</summary>
/// <param name="Step">Steps taken now.</param>
/// <param name="Loss">Mean loss over the minibatch, without penalties.</param>
/// <param name="Accuracy">Share of correct predictions in the minibatch, 0 to 1.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
/// <param name="GradientNorm">‖mean gradient‖₂, penalties included, before clipping.</param>
/// <param name="Diagnosis">Names the value that is not finite; the step was then not taken. Null: all are finite.</param>
public readonly record struct StepReport(long Step, float Loss, float Accuracy, float LearningRate, float GradientNorm, string? Diagnosis);

/// <summary>
/// Model state and optimizer state, and the step that updates them: reduce, divide, regularise, update, project. One flat pass,
/// split by blocks over the threads of a team; the bits depend on the reduction tree alone.
/// </summary>
public sealed class TrainingState : IDisposable
{
    private const string Remedy = "use a smaller learning rate, or clip the norm of the gradient";

    private readonly ParameterLayout _layout;
    private readonly ReductionTree _tree;
    private readonly Optimizer _optimizer;
    private readonly BufferPool _pool;
    private readonly ThreadTeam _team;
    private readonly AlignedBuffer[] _optimizerState;
    private readonly AlignedBuffer[] _scratch;
    private readonly AlignedBuffer? _mean;
    private readonly AlignedBuffer _tail;
    private readonly double[] _blockSums;
    private readonly double[] _activeCounts;
    private readonly Action<int> _reducePart;
    private readonly Action<int> _updatePart;
    private readonly Action<int> _projectPart;
    private readonly Action<int> _verifyPart;

    private SubtreeSums _sums = null!;
    private RefCountedBuffer _next = null!;
    private StepScalars _scalars;
    private double _norm;
    private long? _countedFrom;

    // Share of the first thread's pass that adds sums: the pass updates each block as soon as its mean is there.
    private double _reduceShare;
    private volatile bool _isFinite;

    /// <summary>
    /// The state after <paramref name="step"/> steps with zeroed optimizer state; a resumed run fills it before its first step.
    /// </summary>
    /// <param name="layout">Layout of all buffers.</param>
    /// <param name="tree">Reduction tree of a minibatch.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="pool">Buffers of the layout's state length.</param>
    /// <param name="team">Threads that take the step.</param>
    /// <param name="initial">Parameters and running statistics to start from; the reference passes to this object.</param>
    /// <param name="step">Steps taken in earlier terms.</param>
    public TrainingState(
        ParameterLayout layout,
        ReductionTree tree,
        Optimizer optimizer,
        BufferPool pool,
        ThreadTeam team,
        RefCountedBuffer initial,
        long step = 0)
    {
        Step = step;
        _layout = layout;
        _tree = tree;
        _optimizer = optimizer;
        _pool = pool;
        _team = team;
        ModelState = initial;
        _optimizerState = [.. optimizer.StateNames.Select(_ => new AlignedBuffer(layout.StateLength))];
        int scratch = Optimizer.BlockLength + new SubtreeSums(tree.Shards).ScratchLength(Optimizer.BlockLength);
        _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new AlignedBuffer(scratch))];
        _mean = optimizer.NeedsNormFirst ? new AlignedBuffer(layout.StateLength) : null;
        int tail = layout.GradientLength - optimizer.LearnedLength;
        _tail = new AlignedBuffer(tail + new SubtreeSums(tree.Shards).ScratchLength(tail));
        _blockSums = new double[optimizer.BlockCount];
        _activeCounts = new double[layout.ActiveCountsLength];
        _reducePart = ReducePart;
        _updatePart = UpdatePart;
        _projectPart = ProjectPart;
        _verifyPart = VerifyPart;
    }

    /// <summary>
    /// Current parameters and running statistics, read-only. A reader takes a reference with <see cref="RefCountedBuffer.Share"/>.
    /// </summary>
    public RefCountedBuffer ModelState { get; private set; }

    /// <summary>Best model state, read-only; null: none was kept.</summary>
    public RefCountedBuffer? KeptState { get; private set; }

    /// <summary>Model state that is the result of the run: the kept one, else the current one.</summary>
    public RefCountedBuffer Result => KeptState ?? ModelState;

    /// <summary>Optimizer steps taken.</summary>
    public long Step { get; private set; }

    /// <summary>
    /// Times of the last step: of adding the sums and dividing them, and of the rest, which are penalties, update and projection.
    /// </summary>
    internal (TimeSpan Reducing, TimeSpan Updating) StepTimes { get; private set; }

    /// <summary>Optimizer state by name, each buffer as long as the model state; to be read or written only between steps.</summary>
    public IEnumerable<(string Name, AlignedBuffer Values)> OptimizerState => _optimizer.StateNames.Zip(_optimizerState);

    /// <summary>Keeps the current model state as the best one, in place of the one kept before.</summary>
    public void KeepModelState() => RestoreKeptState(ModelState.Share());

    /// <summary>Sets the best model state of an earlier term.</summary>
    /// <param name="kept">The state; its reference passes to this object.</param>
    public void RestoreKeptState(RefCountedBuffer kept)
    {
        KeptState?.Release();
        KeptState = kept;
    }

    /// <summary>Restarts the count of rows on which each ReLU unit is positive.</summary>
    public void CountActiveUnits()
    {
        Array.Clear(_activeCounts);
        _countedFrom = Step;
    }

    /// <summary>
    /// Share of the ReLU units that were positive on no row of any minibatch since <paramref name="step"/>, 0 to 1. Null without ReLU
    /// units, and if the count did not start at that step in this term.
    /// </summary>
    public float? DeadUnitsSince(long step) =>
        _activeCounts.Length == 0 || _countedFrom != step || Step == step
            ? null
            : (float)_activeCounts.Count(count => count == 0) / _activeCounts.Length;

    /// <summary>Takes one optimizer step with complete sums, which remain the caller's.</summary>
    public StepReport TakeStep(SubtreeSums sums)
    {
        long started = Stopwatch.GetTimestamp();
        _sums = sums;
        _next = _pool.Rent();
        _isFinite = true;
        _scalars = _optimizer.Begin(Step + 1);
        _team.Run(_reducePart);
        TimeSpan reducing = Stopwatch.GetElapsedTime(started) * _reduceShare;
        _norm = Optimizer.CombineNorms(_blockSums);
        if (_optimizer.NeedsNormFirst)
        {
            _team.Run(_updatePart);
        }

        if (_optimizer.HasProjection)
        {
            _team.Run(_projectPart);
        }

        long reducingTail = Stopwatch.GetTimestamp();
        ReadOnlySpan<float> tail = ReduceTail();
        reducing += Stopwatch.GetElapsedTime(reducingTail);
        _team.Run(_verifyPart);
        float loss = tail[_layout.LossOffset - _optimizer.LearnedLength] / _tree.Rows;
        float accuracy = tail[_layout.CorrectOffset - _optimizer.LearnedLength] / _tree.Rows;
        if (!float.IsFinite(loss) || !double.IsFinite(_norm) || !_isFinite)
        {
            string diagnosis = Diagnose(loss);
            _next.Release();
            return new(Step, loss, accuracy, (float)_scalars.LearningRate, (float)_norm, diagnosis);
        }

        ModelState.Release();
        ModelState = _next;
        Step++;
        StepTimes = (reducing, Stopwatch.GetElapsedTime(started) - reducing);
        return new(Step, loss, accuracy, (float)_scalars.LearningRate, (float)_norm, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ModelState.Release();
        KeptState?.Release();
        foreach (AlignedBuffer buffer in _optimizerState.Concat(_scratch).Append(_tail))
        {
            buffer.Dispose();
        }

        _mean?.Dispose();
    }

    private (int First, int End) PartOf(int part, int count) =>
        ((int)((long)part * count / _team.Size), (int)((long)(part + 1) * count / _team.Size));

    // Mean gradient and penalty of a thread's blocks, and the update too unless it needs the norm.
    private void ReducePart(int part)
    {
        float scale = 1f / _tree.Rows;
        Span<float> scratch = _scratch[part].Span;
        ReadOnlySpan<float> parameters = ModelState.Span;
        (int first, int end) = PartOf(part, _optimizer.BlockCount);
        long started = Stopwatch.GetTimestamp();
        long reducing = 0;
        for (int block = first; block < end; block++)
        {
            long reducingBlock = Stopwatch.GetTimestamp();
            Range range = _optimizer.BlockRange(block);
            (int offset, int length) = range.GetOffsetAndLength(_layout.StateLength);
            Span<float> mean = _mean is null ? scratch[..length] : _mean.Span[range];
            _sums.SumInto(offset, mean, scratch[Optimizer.BlockLength..]);
            TensorPrimitives.Multiply(mean, scale, mean);
            reducing += Stopwatch.GetTimestamp() - reducingBlock;
            _blockSums[block] = _optimizer.Penalise(block, mean, parameters[range]);
            if (_mean is null)
            {
                Update(block, mean, norm: 0);
            }
        }

        if (part == 0)
        {
            _reduceShare = (double)reducing / Math.Max(Stopwatch.GetTimestamp() - started, 1);
        }
    }

    private void UpdatePart(int part)
    {
        (int first, int end) = PartOf(part, _optimizer.BlockCount);
        for (int block = first; block < end; block++)
        {
            Update(block, _mean!.Span[_optimizer.BlockRange(block)], _norm);
        }
    }

    private void Update(int block, ReadOnlySpan<float> mean, double norm)
    {
        Range range = _optimizer.BlockRange(block);
        _optimizer.Update(block, _scalars, norm, mean, ModelState.Span[range], StateSpans.Of(_optimizerState, range), _next.Span[range]);
    }

    private void ProjectPart(int part)
    {
        (int first, int end) = PartOf(part, _optimizer.NeuronCount);
        _optimizer.Project(first, end - first, _next.Span);
    }

    // Tensors only: padding is zero by construction.
    private void VerifyPart(int part)
    {
        foreach (ParameterView tensor in _layout.Tensors)
        {
            (int first, int end) = PartOf(part, tensor.Length);
            if (first < end && !TensorPrimitives.IsFiniteAll(_next.Span.Slice(tensor.Offset + first, end - first)))
            {
                _isFinite = false;
            }
        }
    }

    // After the learned parameters: running statistics, loss, correct predictions, active units.
    private ReadOnlySpan<float> ReduceTail()
    {
        int learned = _optimizer.LearnedLength;
        Span<float> tail = _tail.Span[..(_layout.GradientLength - learned)];
        _sums.SumInto(learned, tail, _tail.Span[tail.Length..]);
        for (int i = learned; i < _layout.StateLength; i++)
        {
            float shardMean = tail[i - learned] / _tree.Shards;
            _next.Span[i] = ((1 - ModelSpec.BatchNormMomentum) * ModelState.Span[i]) + (ModelSpec.BatchNormMomentum * shardMean);
        }

        ReadOnlySpan<float> active = tail.Slice(_layout.ActiveCountsOffset - learned, _layout.ActiveCountsLength);
        for (int unit = 0; unit < active.Length; unit++)
        {
            _activeCounts[unit] += active[unit];
        }

        return tail;
    }

    private string Diagnose(float loss)
    {
        foreach (ParameterView tensor in _layout.Tensors.Where(t => t.Offset < _optimizer.LearnedLength))
        {
            float[] sum = new float[tensor.Length];
            _sums.SumInto(tensor.Offset, sum, new float[_sums.ScratchLength(tensor.Length)]);
            if (sum.Any(value => !float.IsFinite(value)))
            {
                return $"step {Step + 1}: the gradient of {tensor.Name} is not finite (loss {loss}); {Remedy}";
            }
        }

        ParameterView? overflow = _layout.Tensors.FirstOrDefault(t => !TensorPrimitives.IsFiniteAll(_next.Span.Slice(t.Offset, t.Length)));
        if (float.IsFinite(loss) && overflow is { } overflowed)
        {
            return $"step {Step + 1}: the step would make {overflowed.Name} not finite; {Remedy}";
        }

        return $"step {Step + 1}: the loss is not finite ({loss}); {Remedy}";
    }
}
