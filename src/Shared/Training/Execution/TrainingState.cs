using System.Numerics.Tensors;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;

namespace NnCluster.Training;

/// <summary>What an optimizer step did.</summary>
/// <param name="Step">Steps taken now.</param>
/// <param name="Loss">The mean loss over the minibatch, penalties left out.</param>
/// <param name="Accuracy">The share of right answers in the minibatch.</param>
/// <param name="LearningRate">The schedule's value.</param>
/// <param name="GradientNorm">‖mean gradient‖₂, penalties included, before clipping.</param>
/// <param name="Diagnosis">What is not finite; then the parameters are still those before the step.</param>
public readonly record struct StepReport(long Step, float Loss, float Accuracy, float LearningRate, float GradientNorm, string? Diagnosis);

/// <summary>
/// The weights, the optimizer's memory and the running statistics, and the step that changes them: sum the tree,
/// divide, regularise, update, project. One flat pass, split over the threads of a team by blocks; the bits depend on
/// the tree alone.
/// </summary>
public sealed class TrainingState : IDisposable
{
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
    private volatile bool _isFinite;

    /// <summary>The state after <paramref name="step"/> steps, all states zero: before the first step of a life, whoever restores fills them.</summary>
    /// <param name="layout">Where each tensor lies.</param>
    /// <param name="tree">How minibatches are cut.</param>
    /// <param name="optimizer">The rule of the step.</param>
    /// <param name="pool">Buffers of the layout's state length.</param>
    /// <param name="team">The threads that take the step.</param>
    /// <param name="initial">Parameters and running statistics to start from; the reference passes to this object.</param>
    /// <param name="step">Steps taken by an earlier life.</param>
    public TrainingState(ParameterLayout layout, ReductionTree tree, Optimizer optimizer, BufferPool pool, ThreadTeam team, RefCountedBuffer initial, long step = 0)
    {
        Step = step;
        _layout = layout;
        _tree = tree;
        _optimizer = optimizer;
        _pool = pool;
        _team = team;
        Parameters = initial;
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

    /// <summary>Parameters and running statistics now. Readers <see cref="RefCountedBuffer.Share"/> it; nobody writes to it.</summary>
    public RefCountedBuffer Parameters { get; private set; }

    /// <summary>Optimizer steps taken.</summary>
    public long Step { get; private set; }

    /// <summary>The optimizer's memory by name, each as long as the state; to be touched only between steps.</summary>
    public IEnumerable<(string Name, AlignedBuffer Values)> OptimizerState => _optimizer.StateNames.Zip(_optimizerState);

    /// <summary>Counts anew, from here on, on how many rows each ReLU unit is positive.</summary>
    public void CountActiveUnits()
    {
        Array.Clear(_activeCounts);
        _countedFrom = Step;
    }

    /// <summary>
    /// The share of ReLU units that were positive on no row of any minibatch since a step; null for networks without
    /// such units, and where this life did not begin to count just then.
    /// </summary>
    public float? DeadUnitsSince(long step) =>
        _activeCounts.Length == 0 || _countedFrom != step || Step == step
            ? null
            : (float)_activeCounts.Count(count => count == 0) / _activeCounts.Length;

    /// <summary>Takes one optimizer step with the sums of a complete tree, which stays the caller's.</summary>
    public StepReport TakeStep(SubtreeSums sums)
    {
        _sums = sums;
        _next = _pool.Rent();
        _isFinite = true;
        _scalars = _optimizer.Begin(Step + 1);
        _team.Run(_reducePart);
        _norm = Optimizer.CombineNorms(_blockSums);
        if (_optimizer.NeedsNormFirst)
        {
            _team.Run(_updatePart);
        }

        if (_optimizer.HasProjection)
        {
            _team.Run(_projectPart);
        }

        ReadOnlySpan<float> tail = TakeTail();
        _team.Run(_verifyPart);
        float loss = tail[_layout.LossOffset - _optimizer.LearnedLength] / _tree.Rows;
        float accuracy = tail[_layout.CorrectOffset - _optimizer.LearnedLength] / _tree.Rows;
        if (!float.IsFinite(loss) || !double.IsFinite(_norm) || !_isFinite)
        {
            string diagnosis = Diagnose(loss);
            _next.Release();
            return new(Step, loss, accuracy, (float)_scalars.LearningRate, (float)_norm, diagnosis);
        }

        Parameters.Release();
        Parameters = _next;
        Step++;
        return new(Step, loss, accuracy, (float)_scalars.LearningRate, (float)_norm, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Parameters.Release();
        foreach (AlignedBuffer buffer in _optimizerState.Concat(_scratch).Append(_tail))
        {
            buffer.Dispose();
        }

        _mean?.Dispose();
    }

    private (int First, int End) Share(int part, int count) =>
        ((int)((long)part * count / _team.Size), (int)((long)(part + 1) * count / _team.Size));

    // Mean gradient and penalty of a thread's blocks; the update as well, unless it must wait for the norm.
    private void ReducePart(int part)
    {
        float scale = 1f / _tree.Rows;
        Span<float> scratch = _scratch[part].Span;
        ReadOnlySpan<float> parameters = Parameters.Span;
        (int first, int end) = Share(part, _optimizer.BlockCount);
        for (int block = first; block < end; block++)
        {
            Range range = _optimizer.BlockRange(block);
            (int offset, int length) = range.GetOffsetAndLength(_layout.StateLength);
            Span<float> mean = _mean is null ? scratch[..length] : _mean.Span[range];
            _sums.SumInto(offset, mean, scratch[Optimizer.BlockLength..]);
            TensorPrimitives.Multiply(mean, scale, mean);
            _blockSums[block] = _optimizer.Penalise(block, mean, parameters[range]);
            if (_mean is null)
            {
                Update(block, mean, norm: 0);
            }
        }
    }

    private void UpdatePart(int part)
    {
        (int first, int end) = Share(part, _optimizer.BlockCount);
        for (int block = first; block < end; block++)
        {
            Update(block, _mean!.Span[_optimizer.BlockRange(block)], _norm);
        }
    }

    private void Update(int block, ReadOnlySpan<float> mean, double norm)
    {
        Range range = _optimizer.BlockRange(block);
        _optimizer.Update(block, _scalars, norm, mean, Parameters.Span[range], StateSpans.Of(_optimizerState, range), _next.Span[range]);
    }

    private void ProjectPart(int part)
    {
        (int first, int end) = Share(part, _optimizer.NeuronCount);
        _optimizer.Project(first, end - first, _next.Span);
    }

    // Tensor by tensor: what lies between them is anything.
    private void VerifyPart(int part)
    {
        foreach (ParameterView tensor in _layout.Tensors)
        {
            (int first, int end) = Share(part, tensor.Length);
            if (first < end && !TensorPrimitives.IsFiniteAll(_next.Span.Slice(tensor.Offset + first, end - first)))
            {
                _isFinite = false;
            }
        }
    }

    // Behind the learned parameters: running statistics, loss, right answers, active units.
    private ReadOnlySpan<float> TakeTail()
    {
        int learned = _optimizer.LearnedLength;
        Span<float> tail = _tail.Span[..(_layout.GradientLength - learned)];
        _sums.SumInto(learned, tail, _tail.Span[tail.Length..]);
        for (int i = learned; i < _layout.StateLength; i++)
        {
            float shardMean = tail[i - learned] / _tree.Shards;
            _next.Span[i] = ((1 - BatchNormMomentum) * Parameters.Span[i]) + (BatchNormMomentum * shardMean);
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
                return $"step {Step + 1}: the gradient of {tensor.Name} is not finite (loss {loss}); a smaller --learning-rate or --clip-norm helps against that";
            }
        }

        if (float.IsFinite(loss) && _layout.Tensors.FirstOrDefault(t => !TensorPrimitives.IsFiniteAll(_next.Span.Slice(t.Offset, t.Length))) is { } overflown)
        {
            return $"step {Step + 1}: the step would make {overflown.Name} not finite; a smaller --learning-rate or --clip-norm helps against that";
        }

        return $"step {Step + 1}: the loss is not finite ({loss}); a smaller --learning-rate or --clip-norm helps against that";
    }

    private const float BatchNormMomentum = 0.1f;
}
