using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NnCluster.Model;

/// <summary>
/// Where every tensor of a model lies in one flat buffer: learned tensors first, then batch norm's running statistics,
/// each offset a multiple of <see cref="Alignment"/>, the gaps between them always zero. Gradients, moments and weights
/// share the layout, so sums and optimizers are flat loops.
/// </summary>
/// <remarks>
/// A gradient buffer is laid out as the state (a shard's batch mean and unbiased variance stand where the running
/// statistics are, so that they are summed like gradients and divided by the number of shards), then the metrics:
/// the loss sum, the number of right predictions, and the active counts of the ReLU units.
/// An evaluation buffer holds the loss sum, the number of right predictions and, from <see cref="ConfusionOffset"/> on,
/// the confusion matrix (true class, predicted class).
/// </remarks>
public sealed class ParameterLayout
{
    /// <summary>Floats to which every offset and length is rounded up: one cache line.</summary>
    public const int Alignment = 16;

    /// <summary>Index of the confusion matrix in an evaluation buffer, after the loss sum and the right predictions.</summary>
    public const int ConfusionOffset = 2;

    private ParameterLayout(ModelSpec spec)
    {
        ImmutableArray<(string Name, ParameterKind Kind, ImmutableArray<int> Shape, int Layer)> tensors = [.. InOrder(spec)];
        int[] offsets = new int[tensors.Length];
        int end = 0;
        foreach (bool learned in (ReadOnlySpan<bool>)[true, false])
        {
            for (int i = 0; i < tensors.Length; i++)
            {
                if (IsLearned(tensors[i].Kind) == learned)
                {
                    offsets[i] = end;
                    end = RoundUp(end, tensors[i].Shape.Aggregate(1, (product, dimension) => checked(product * dimension)));
                }
            }

            LearnedLength = learned ? end : LearnedLength;
        }

        StateLength = end;
        Tensors = [.. tensors.Select((tensor, i) => new ParameterView(tensor.Name, tensor.Kind, tensor.Shape, offsets[i], tensor.Layer))];
        ParameterCount = Tensors.Where(view => IsLearned(view.Kind)).Sum(view => view.Length);
        WeightCount = Tensors.Where(view => view.Kind == ParameterKind.Weight).Sum(view => view.Length);
        BiasCount = Tensors.Where(view => view.Kind == ParameterKind.Bias).Sum(view => view.Length);
        NeuronCount = BiasCount;

        LossOffset = StateLength;
        CorrectOffset = StateLength + 1;
        ActiveCountsOffset = StateLength + Alignment;
        ActiveCountsLength = spec.Hidden.Where(layer => layer.Activation == ActivationKind.Relu).Sum(layer => layer.Units);
        GradientLength = RoundUp(ActiveCountsOffset, ActiveCountsLength);
        EvaluationLength = checked(ConfusionOffset + (spec.Outputs * spec.Outputs));
    }

    /// <summary>Every tensor in the order of a checkpoint: layer by layer.</summary>
    public ImmutableArray<ParameterView> Tensors { get; }

    /// <summary>Floats of the learned tensors with their padding: what an optimizer runs over.</summary>
    public int LearnedLength { get; }

    /// <summary>Floats of the learned tensors and the running statistics, with padding.</summary>
    public int StateLength { get; }

    /// <summary>Number of learned values, without padding.</summary>
    public int ParameterCount { get; }

    /// <summary>Number of neurons: hidden units and outputs.</summary>
    public int NeuronCount { get; }

    /// <summary>Number of weights: connections between neurons.</summary>
    public int WeightCount { get; }

    /// <summary>Number of biases.</summary>
    public int BiasCount { get; }

    /// <summary>Index of the sum of the rows' losses in a gradient buffer.</summary>
    public int LossOffset { get; }

    /// <summary>Index of the number of rows predicted right in a gradient buffer.</summary>
    public int CorrectOffset { get; }

    /// <summary>Index of the first active count in a gradient buffer.</summary>
    public int ActiveCountsOffset { get; }

    /// <summary>
    /// Number of active counts: for every unit of every ReLU layer in order, the rows for which it was positive before
    /// dropout. A unit that stays 0 over a whole epoch is dead.
    /// </summary>
    public int ActiveCountsLength { get; }

    /// <summary>Floats of a gradient buffer: a multiple of <see cref="Alignment"/>.</summary>
    public int GradientLength { get; }

    /// <summary>Floats of an evaluation buffer. The confusion counts stay zero for regression.</summary>
    public int EvaluationLength { get; }

    /// <summary>The layout of a model; equal specifications give equal layouts.</summary>
    /// <exception cref="BadInputException">The specification is not valid.</exception>
    public static ParameterLayout For(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.Validate();
        return new(spec);
    }

    /// <summary>The tensor of a kind that belongs to dense layer <paramref name="layer"/>.</summary>
    /// <exception cref="ArgumentException">The layer has no such tensor.</exception>
    public ParameterView Find(ParameterKind kind, int layer) =>
        Tensors.FirstOrDefault(view => view.Kind == kind && view.Layer == layer)
        ?? throw new ArgumentException($"Layer {layer} has no tensor of kind {kind}.");

    /// <summary>
    /// The lower-case hexadecimal SHA-256 of all tensors, running statistics included, as little-endian float32 in the
    /// order of <see cref="Tensors"/> without padding.
    /// </summary>
    public string Sha256(ReadOnlySpan<float> state)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(state.Length, StateLength);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ParameterView view in Tensors)
        {
            AppendLittleEndian(hash, view.Of(state));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Whether training changes tensors of this kind by their gradient.</summary>
    public static bool IsLearned(ParameterKind kind) => kind is not (ParameterKind.RunningMean or ParameterKind.RunningVariance);

    private static void AppendLittleEndian(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            hash.AppendData(MemoryMarshal.AsBytes(values));
            return;
        }

        int[] swapped = new int[values.Length];
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(values), swapped);
        hash.AppendData(MemoryMarshal.AsBytes<int>(swapped));
    }

    private static IEnumerable<(string Name, ParameterKind Kind, ImmutableArray<int> Shape, int Layer)> InOrder(ModelSpec spec)
    {
        int inputs = spec.Inputs;
        int norms = 0;
        int slopes = 0;
        for (int layer = 0; layer <= spec.Hidden.Length; layer++)
        {
            int units = layer < spec.Hidden.Length ? spec.Hidden[layer].Units : spec.Outputs;
            yield return ($"dense{layer}.weight", ParameterKind.Weight, [units, inputs], layer);
            yield return ($"dense{layer}.bias", ParameterKind.Bias, [units], layer);
            if (layer < spec.Hidden.Length && spec.Hidden[layer].BatchNorm)
            {
                yield return ($"batchnorm{norms}.weight", ParameterKind.Scale, [units], layer);
                yield return ($"batchnorm{norms}.bias", ParameterKind.Shift, [units], layer);
                yield return ($"batchnorm{norms}.running_mean", ParameterKind.RunningMean, [units], layer);
                yield return ($"batchnorm{norms}.running_var", ParameterKind.RunningVariance, [units], layer);
                norms++;
            }

            if (layer < spec.Hidden.Length && spec.Hidden[layer].Activation == ActivationKind.Prelu)
            {
                yield return ($"prelu{slopes}.weight", ParameterKind.Slope, [1], layer);
                slopes++;
            }

            inputs = units;
        }
    }

    private static int RoundUp(int offset, int length) => checked(offset + length + Alignment - 1) / Alignment * Alignment;
}
