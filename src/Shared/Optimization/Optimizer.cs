using System.Collections.Immutable;
using NnCluster.Model;

namespace NnCluster.Optimization;

/// <summary>
/// Turns mean gradients into new parameters. It holds no state of its own: states, gradient and parameters are flat
/// buffers of the caller, and every call works on one block of them, so any thread may do any block at any time within
/// a phase and the bits stay. One step is <see cref="Begin"/>, then for every block <see cref="Penalise"/> and
/// <see cref="Update"/> (block by block, or, where <see cref="NeedsNormFirst"/>, all the first before any of the
/// second), then, where <see cref="HasProjection"/>, <see cref="Project"/> over all neurons.
/// </summary>
/// <remarks>
/// Gaps between tensors hold zeros in all buffers and stay zero. Elements from <see cref="LearnedLength"/> on (running
/// statistics) belong to no block: the caller carries them over.
/// </remarks>
public sealed class Optimizer
{
    /// <summary>Floats of a block: the unit of parallelism and of ordered reduction.</summary>
    public const int BlockLength = 4096;

    private readonly LearningRateSchedule _schedule;
    private readonly Sweep _sweep;
    private readonly ImmutableArray<ImmutableArray<Segment>> _segments;
    private readonly ImmutableArray<ParameterView> _weights;
    private readonly MaxNormProjection? _projection;

    private Optimizer(OptimizerSpec spec, ImmutableArray<ParameterView> learned, int learnedLength, long totalSteps)
    {
        Spec = spec;
        LearnedLength = learnedLength;
        BlockCount = (learnedLength + BlockLength - 1) / BlockLength;
        _schedule = new LearningRateSchedule(spec.Schedule, spec.LearningRate!.Value, totalSteps);
        _sweep = Recipes.Chain(spec);
        _segments = [.. Enumerable.Range(0, BlockCount).Select(block => Segment.Cut(learned, learnedLength, block))];
        _weights = [.. learned.Where(tensor => tensor.Kind == ParameterKind.Weight)];
        NeuronCount = _weights.Sum(weight => weight.Shape[0]);
        _projection = spec.MaxNorm is double limit ? new MaxNormProjection(_weights, limit) : null;
    }

    /// <summary>The specification with its defaults written out.</summary>
    public OptimizerSpec Spec { get; }

    /// <summary>Names of the states, such as <c>adam.m</c>: buffers of the caller that start at zero and belong in a checkpoint.</summary>
    public ImmutableArray<string> StateNames => _sweep.StateNames;

    /// <summary>Floats of the flat buffers that are learned, gaps included; at most this much of a state is used.</summary>
    public int LearnedLength { get; }

    /// <summary>Number of blocks; the last one may be short.</summary>
    public int BlockCount { get; }

    /// <summary>Whether <see cref="Update"/> needs the global norm: then phase 1 must be over for all blocks before phase 2.</summary>
    public bool NeedsNormFirst => Spec.ClipNorm is not null;

    /// <summary>
    /// Whether the loss has a penalty term. Without it <see cref="Penalise"/> changes nothing and may be left out where
    /// nobody wants the gradient's norm.
    /// </summary>
    public bool HasPenalty => Spec.L1 > 0 || Spec.L2 > 0;

    /// <summary>Whether <see cref="Project"/> must follow the updates.</summary>
    public bool HasProjection => _projection is not null;

    /// <summary>Rows of all weight tensors: what <see cref="Project"/> counts in.</summary>
    public int NeuronCount { get; }

    /// <summary>Builds the optimizer of a model.</summary>
    /// <param name="spec">The specification; missing values take their defaults.</param>
    /// <param name="tensors">The model's tensors in any order; the learned ones have the lowest offsets.</param>
    /// <param name="stateLength">Floats of the parameter buffer.</param>
    /// <param name="totalSteps">Steps of the whole run, for the schedule.</param>
    /// <exception cref="BadInputException">See <see cref="OptimizerSpec.Validate"/>.</exception>
    /// <exception cref="ArgumentException">The tensors overlap, start off a boundary or do not fit the buffer.</exception>
    public static Optimizer Create(OptimizerSpec spec, IReadOnlyList<ParameterView> tensors, int stateLength, long totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        ImmutableArray<ParameterView> ordered = [.. tensors.OrderBy(tensor => tensor.Offset)];
        CheckPlaces(ordered, stateLength);
        ImmutableArray<ParameterView> learnedTensors = [.. ordered.Where(IsLearned)];
        int learnedEnd = learnedTensors.IsEmpty ? 0 : learnedTensors[^1].Offset + learnedTensors[^1].Length;
        int learnedLength = Math.Min((learnedEnd + ParameterLayout.Alignment - 1) / ParameterLayout.Alignment * ParameterLayout.Alignment, stateLength);
        return new Optimizer(spec.Resolve(), learnedTensors, learnedLength, totalSteps);
    }

    /// <summary>The elements of a block in the flat buffers.</summary>
    public Range BlockRange(int block) => (block * BlockLength)..Math.Min((block + 1) * BlockLength, LearnedLength);

    /// <summary>The scalars of step <paramref name="step"/>, counted from 1.</summary>
    public StepScalars Begin(long step) => new(
        step,
        _schedule.At(step),
        Spec.Beta1 is double beta1 ? 1 - Power(beta1, step) : 1,
        Spec.Beta2 is double beta2 ? 1 - Power(beta2, step) : 1);

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

    /// <summary>Phase 2: the block's new parameters and states. Every buffer is read once and written once.</summary>
    /// <param name="block">The block.</param>
    /// <param name="scalars">The step's scalars.</param>
    /// <param name="gradientNorm">The norm of the whole gradient; read only where <see cref="NeedsNormFirst"/>.</param>
    /// <param name="gradient">The block's mean gradient after phase 1.</param>
    /// <param name="parameters">The block's parameters.</param>
    /// <param name="states">The block's states, changed in place.</param>
    /// <param name="newParameters">Receives the block's new parameters; may be <paramref name="parameters"/> itself.</param>
    /// <exception cref="ArgumentException">A span has not the block's length, or a state is missing or too many.</exception>
    public void Update(int block, in StepScalars scalars, double gradientNorm, ReadOnlySpan<float> gradient,
        ReadOnlySpan<float> parameters, StateSpans states, Span<float> newParameters)
    {
        float clipFactor = Spec.ClipNorm is double limit ? (float)Math.Min(1, limit / (gradientNorm + 1e-6)) : 1;
        foreach (Segment segment in _segments[block])
        {
            (int start, int length, bool isWeight) = segment;
            _sweep.Run(
                new TransformContext(Spec, scalars, clipFactor, isWeight),
                gradient.Slice(start, length),
                parameters.Slice(start, length),
                states.Slice(start, length),
                newParameters.Slice(start, length));
        }
    }

    /// <summary>
    /// Phase 3: max-norm for <paramref name="count"/> neurons from <paramref name="firstNeuron"/> on, numbered from 0 to
    /// <see cref="NeuronCount"/> - 1 through all weight tensors, in the whole buffer of new parameters. Does nothing
    /// without <see cref="HasProjection"/>.
    /// </summary>
    public void Project(int firstNeuron, int count, Span<float> newParameters)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstNeuron);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, NeuronCount - firstNeuron);
        _projection?.Project(firstNeuron, count, newParameters);
    }

    /// <summary>λ₁‖w‖₁ + ½λ₂‖w‖₂² over all weights of the whole parameter buffer: what the penalties add to the loss.</summary>
    public double Penalty(ReadOnlySpan<float> parameters)
    {
        double sum = 0;
        foreach (ParameterView weight in _weights)
        {
            sum += PenaltyGradient.Value(Spec.L1, Spec.L2, weight.Of(parameters));
        }

        return sum;
    }

    private static void CheckPlaces(ImmutableArray<ParameterView> tensors, int stateLength)
    {
        int end = 0;
        bool learning = true;
        foreach (ParameterView tensor in tensors)
        {
            bool learned = IsLearned(tensor);
            bool inOrder = tensor.Offset >= end && (learning || !learned);
            if (!inOrder || tensor.Offset % ParameterLayout.Alignment != 0 || tensor.Offset + tensor.Length > stateLength)
            {
                throw new ArgumentException(
                    $"{tensor.Name} at {tensor.Offset} must start at a multiple of {ParameterLayout.Alignment}, not before the end of the "
                    + $"tensor before it ({end}) nor, if learned, after a running statistic, and end by {stateLength}.",
                    nameof(tensors));
            }

            end = tensor.Offset + tensor.Length;
            learning = learned;
        }
    }

    private static bool IsLearned(ParameterView tensor) => tensor.Kind is not (ParameterKind.RunningMean or ParameterKind.RunningVariance);

    // By squaring, in double precision: the C library's pow has no portable bits.
    private static double Power(double x, long exponent)
    {
        double result = 1;
        for (; exponent > 0; exponent >>= 1, x *= x)
        {
            if ((exponent & 1) == 1)
            {
                result *= x;
            }
        }

        return result;
    }

    /// <summary>A stretch of a block, all weights or none. Starts at a multiple of 16; a gap belongs to the tensor before it.</summary>
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
                bool isWeight = learned[i].Kind == ParameterKind.Weight;
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
