using System.Collections.Immutable;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Optimization;

/// <summary>
/// Turns mean gradients into new parameters. Optimizer state, gradient and parameters are flat buffers of the caller; every call
/// works on one block of them, so that any thread may do any block of a phase in any order with the same bits.
/// </summary>
/// <remarks>
/// One step:
/// <list type="number">
/// <item><see cref="Begin"/>;</item>
/// <item>for every block <see cref="Penalise"/> and <see cref="Update"/>; with <see cref="NeedsNormFirst"/>, the first for all blocks
/// before the second for any;</item>
/// <item>with <see cref="HasProjection"/>, <see cref="Project"/> over all neurons.</item>
/// </list>
/// Gaps between tensors hold zeros in all buffers and stay zero. Elements from <see cref="LearnedLength"/> on (running statistics)
/// belong to no block; the caller updates them.
/// </remarks>
public sealed class Optimizer
{
    /// <summary>Floats of a block, the unit of parallelism and of ordered sums.</summary>
    public const int BlockLength = 4096;

    private readonly LearningRateSchedule _schedule;
    private readonly FusedUpdate _update;
    private readonly ImmutableArray<ImmutableArray<Segment>> _segments;
    private readonly MaxNormProjection? _projection;

    private Optimizer(OptimizerSpec spec, ImmutableArray<ParameterView> learned, int learnedLength, long totalSteps)
    {
        Spec = spec;
        LearnedLength = learnedLength;
        BlockCount = (learnedLength + BlockLength - 1) / BlockLength;
        _schedule = new LearningRateSchedule(spec.Schedule, spec.LearningRate!.Value, totalSteps);
        _update = OptimizerFactory.Create(spec);
        _segments = [.. Enumerable.Range(0, BlockCount).Select(block => Segment.Cut(learned, learnedLength, block))];
        ImmutableArray<ParameterView> weights = [.. learned.Where(tensor => tensor.IsWeight)];
        NeuronCount = weights.Sum(weight => weight.Shape[0]);
        _projection = spec.MaxNorm is double limit ? new MaxNormProjection(weights, limit) : null;
    }

    /// <summary>The specification with defaults in place of null.</summary>
    public OptimizerSpec Spec { get; }

    /// <summary>
    /// Names of the state buffers, such as <c>adam.m</c>. The caller allocates them, zeroed, and stores them in checkpoints.
    /// </summary>
    public ImmutableArray<string> StateNames => _update.StateNames;

    /// <summary>Floats of the learned tensors in the flat buffers, gaps included.</summary>
    public int LearnedLength { get; }

    /// <summary>Number of blocks; the last one may be short.</summary>
    public int BlockCount { get; }

    /// <summary>True if <see cref="Update"/> needs the norm of the whole gradient: phase 1 must be complete before phase 2.</summary>
    public bool NeedsNormFirst => Spec.ClipNorm is not null;

    /// <summary>
    /// True if the loss has a penalty term. Without one, <see cref="Penalise"/> only computes the sum for the norm.
    /// </summary>
    public bool HasPenalty => Spec.L1 > 0 || Spec.L2 > 0;

    /// <summary>True if <see cref="Project"/> must follow the updates.</summary>
    public bool HasProjection => _projection is not null;

    /// <summary>Rows of all weight tensors, the unit of <see cref="Project"/>.</summary>
    public int NeuronCount { get; }

    /// <summary>Creates the optimizer of a model.</summary>
    /// <param name="spec">The specification; null values take their defaults.</param>
    /// <param name="layout">Layout of the model's buffers.</param>
    /// <param name="totalSteps">Steps of the whole run, for the schedule; at least 1.</param>
    /// <exception cref="BadInputException">See <see cref="OptimizerSpec.Validate"/>.</exception>
    public static Optimizer For(OptimizerSpec spec, ParameterLayout layout, long totalSteps) =>
        Create(spec, layout.Tensors, layout.LearnedLength, totalSteps);

    /// <inheritdoc cref="For"/>
    /// <param name="spec">The specification; null values take their defaults.</param>
    /// <param name="tensors">The model's tensors in any order.</param>
    /// <param name="learnedLength">Floats of the learned tensors with their gaps; other tensors lie behind them.</param>
    /// <param name="totalSteps">Steps of the whole run, for the schedule; at least 1.</param>
    /// <exception cref="ArgumentException">
    /// The tensors overlap, are not aligned, or lie on the wrong side of the learned length.
    /// </exception>
    internal static Optimizer Create(OptimizerSpec spec, IReadOnlyList<ParameterView> tensors, int learnedLength, long totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        ImmutableArray<ParameterView> ordered = [.. tensors.OrderBy(tensor => tensor.Offset)];
        CheckPlaces(ordered, learnedLength);
        ImmutableArray<ParameterView> learned = [.. ordered.Where(tensor => tensor.IsLearned)];
        return new Optimizer(spec.Resolve(), learned, learnedLength, totalSteps);
    }

    /// <summary>Elements of a block in the flat buffers.</summary>
    public Range BlockRange(int block) => (block * BlockLength)..Math.Min((block + 1) * BlockLength, LearnedLength);

    /// <summary>Scalars of step <paramref name="step"/>, counted from 1.</summary>
    public StepScalars Begin(long step) => new(
        step,
        _schedule.At(step),
        Spec.Beta1 is double beta1 ? 1 - PortableMath.Pow(beta1, step) : 1,
        Spec.Beta2 is double beta2 ? 1 - PortableMath.Pow(beta2, step) : 1);

    /// <summary>Phase 1: g ← g + λ₁ sign(w) + λ₂ w on weights; returns Σg² over the block, in element order.</summary>
    /// <param name="block">The block.</param>
    /// <param name="meanGradient">The block's mean gradient, changed in place.</param>
    /// <param name="parameters">The block's parameters.</param>
    public double Penalise(int block, Span<float> meanGradient, ReadOnlySpan<float> parameters)
    {
        if (HasPenalty)
        {
            foreach (Segment segment in _segments[block])
            {
                if (segment.IsWeight)
                {
                    ReadOnlySpan<float> weights = parameters.Slice(segment.Start, segment.Length);
                    PenaltyGradient.Add((float)Spec.L1, (float)Spec.L2, weights, meanGradient.Slice(segment.Start, segment.Length));
                }
            }
        }

        return OrderedSums.Squares(meanGradient);
    }

    /// <summary>The norm ‖g‖₂ of the whole gradient from the blocks' sums, added in block order.</summary>
    public static double CombineNorms(ReadOnlySpan<double> blockSums)
    {
        double sum = 0;
        foreach (double blockSum in blockSums)
        {
            sum += blockSum;
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Phase 2: the block's new parameters and state. Every buffer is read once and written once.</summary>
    /// <param name="block">The block.</param>
    /// <param name="scalars">The step's scalars.</param>
    /// <param name="gradientNorm">The norm of the whole gradient; read only where <see cref="NeedsNormFirst"/>.</param>
    /// <param name="gradient">The block's mean gradient after phase 1.</param>
    /// <param name="parameters">The block's parameters.</param>
    /// <param name="states">The block's state, changed in place.</param>
    /// <param name="newParameters">Receives the block's new parameters; may be <paramref name="parameters"/> itself.</param>
    /// <exception cref="ArgumentException">A span does not have the block's length, or the number of state buffers is wrong.</exception>
    public void Update(int block, in StepScalars scalars, double gradientNorm, ReadOnlySpan<float> gradient,
        ReadOnlySpan<float> parameters, StateSpans states, Span<float> newParameters)
    {
        float clipFactor = Spec.ClipNorm is double limit ? (float)Math.Min(1, limit / (gradientNorm + 1e-6)) : 1;
        foreach (Segment segment in _segments[block])
        {
            (int start, int length, bool isWeight) = segment;
            _update.Run(
                new TransformContext(Spec, scalars, clipFactor, isWeight),
                gradient.Slice(start, length),
                parameters.Slice(start, length),
                states.Slice(start, length),
                newParameters.Slice(start, length));
        }
    }

    /// <summary>
    /// Phase 3: max-norm for <paramref name="count"/> neurons from <paramref name="firstNeuron"/> on, numbered from 0 to
    /// <see cref="NeuronCount"/> - 1 through all weight tensors, in the whole buffer of new parameters. No effect
    /// without <see cref="HasProjection"/>.
    /// </summary>
    public void Project(int firstNeuron, int count, Span<float> newParameters)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstNeuron);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, NeuronCount - firstNeuron);
        _projection?.Project(firstNeuron, count, newParameters);
    }

    private static void CheckPlaces(ImmutableArray<ParameterView> tensors, int learnedLength)
    {
        int end = 0;
        foreach (ParameterView tensor in tensors)
        {
            int tensorEnd = tensor.Offset + tensor.Length;
            bool isOnItsSide = tensor.IsLearned ? tensorEnd <= learnedLength : tensor.Offset >= learnedLength;
            if (tensor.Offset < end || tensor.Offset % ParameterLayout.Alignment != 0 || !isOnItsSide)
            {
                throw new ArgumentException(
                    $"{tensor.Name} at {tensor.Offset} must start at a multiple of {ParameterLayout.Alignment}, not before the end of the "
                    + $"tensor before it ({end}), and end by {learnedLength} if learned, else start there or later.",
                    nameof(tensors));
            }

            end = tensorEnd;
        }
    }

    /// <summary>
    /// Elements of a block that are all weights or none. Starts at a multiple of 16; a gap belongs to the tensor before it.
    /// </summary>
    private readonly record struct Segment(int Start, int Length, bool IsWeight)
    {
        public static ImmutableArray<Segment> Cut(ImmutableArray<ParameterView> learned, int learnedLength, int block)
        {
            int blockStart = block * BlockLength;
            int blockEnd = Math.Min(blockStart + BlockLength, learnedLength);
            List<Segment> segments = [];
            for (int i = 0; i < learned.Length; i++)
            {
                int start = Math.Max(i == 0 ? 0 : learned[i].Offset, blockStart);
                int end = Math.Min(i + 1 < learned.Length ? learned[i + 1].Offset : learnedLength, blockEnd);
                bool isWeight = learned[i].IsWeight;
                if (end <= start)
                {
                    continue;
                }

                if (segments.Count > 0 && segments[^1].IsWeight == isWeight)
                {
                    segments[^1] = segments[^1] with { Length = end - blockStart - segments[^1].Start };
                }
                else
                {
                    segments.Add(new Segment(start - blockStart, end - start, isWeight));
                }
            }

            return [.. segments];
        }
    }
}
