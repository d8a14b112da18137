using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NnCluster.Model;

/// <summary>
/// Places the tensors that the layers declare in one flat buffer: learned tensors first, then running statistics, each at
/// a multiple of <see cref="Alignment"/>. Padding between tensors is zero in all buffers and stays zero. Gradients,
/// optimizer state and model state share the layout, so sums and optimizers are flat loops.
/// </summary>
/// <remarks>
/// A gradient buffer has the layout of the state, then the metrics: loss sum, correct predictions, and the active counts.
/// In place of the running statistics it holds the shard's batch mean and unbiased variance, which are summed like
/// gradients and divided by the number of shards. An evaluation buffer holds loss sum, correct predictions and, from
/// <see cref="ConfusionOffset"/> on, the confusion matrix (true class, predicted class).
/// </remarks>
public sealed class ParameterLayout
{
    /// <summary>Floats to which every offset and length is rounded up: one cache line.</summary>
    public const int Alignment = 16;

    /// <summary>Index of the confusion matrix in an evaluation buffer, after the loss sum and the correct predictions.</summary>
    public const int ConfusionOffset = 2;

    private ParameterLayout(ImmutableArray<LayerDefinition> layers, int outputs)
    {
        int[] offsets = Place([.. layers.SelectMany(layer => layer.Parameters)], out int learnedLength, out int stateLength);
        (LearnedLength, StateLength) = (learnedLength, stateLength);
        LossOffset = StateLength;
        CorrectOffset = StateLength + 1;
        ActiveCountsOffset = StateLength + Alignment;
        ActiveCountsLength = layers.Sum(layer => layer.ActiveCounts);
        GradientLength = RoundUp(checked(ActiveCountsOffset + ActiveCountsLength));
        EvaluationLength = checked(ConfusionOffset + (outputs * outputs));
        Layers = Name(layers, offsets);
        Tensors = [.. Layers.SelectMany(layer => layer.Tensors)];
        LearnedTensors = [.. Tensors.Where(view => view.IsLearned)];
        ParameterCount = LearnedTensors.Sum(view => view.Length);
    }

    /// <summary>The layers in the order of <see cref="Tensors"/>, with their places.</summary>
    public ImmutableArray<PlacedLayer> Layers { get; }

    /// <summary>Every tensor in the order of a checkpoint: layer by layer.</summary>
    public ImmutableArray<ParameterView> Tensors { get; }

    /// <summary>The learned tensors, in the order of <see cref="Tensors"/> and of their offsets.</summary>
    public ImmutableArray<ParameterView> LearnedTensors { get; }

    /// <summary>Floats of the learned tensors with their padding: the range of an optimizer.</summary>
    public int LearnedLength { get; }

    /// <summary>Floats of the learned tensors and the running statistics, with padding.</summary>
    public int StateLength { get; }

    /// <summary>Number of learned values, without padding.</summary>
    public int ParameterCount { get; }

    /// <summary>Index of the sum of the rows' losses in a gradient buffer.</summary>
    public int LossOffset { get; }

    /// <summary>Index of the number of correctly predicted rows in a gradient buffer.</summary>
    public int CorrectOffset { get; }

    /// <summary>Index of the first active count in a gradient buffer.</summary>
    public int ActiveCountsOffset { get; }

    /// <summary>
    /// Number of active counts: for every unit of every ReLU layer in order, the rows with a positive output before dropout.
    /// A unit whose count stays 0 over a whole epoch is dead.
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
        return new([.. spec.Architecture.Define(spec)], spec.Outputs);
    }

    /// <summary>The smallest multiple of <see cref="Alignment"/> that is at least <paramref name="length"/>.</summary>
    public static int RoundUp(int length) => checked(length + Alignment - 1) / Alignment * Alignment;

    /// <summary>The first tensor of a kind in block <paramref name="layer"/>.</summary>
    /// <exception cref="ArgumentException">The block has no such tensor.</exception>
    public ParameterView Find(ParameterKind kind, int layer) =>
        Tensors.FirstOrDefault(view => view.Kind == kind && view.Layer == layer)
        ?? throw new ArgumentException($"Layer {layer} has no tensor of kind {kind}.");

    /// <summary>
    /// The lower-case hexadecimal SHA-256 of all tensors, running statistics included, as little-endian float32 in the
    /// order of <see cref="Tensors"/> without padding: <c>weightsSha256</c> of a run.
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

    /// <summary>Offsets of the tensors: the learned ones in order, then the running statistics in order.</summary>
    private static int[] Place(ImmutableArray<ParameterDefinition> tensors, out int learnedLength, out int stateLength)
    {
        int[] offsets = new int[tensors.Length];
        int end = 0;
        learnedLength = 0;
        foreach (bool learned in (ReadOnlySpan<bool>)[true, false])
        {
            for (int i = 0; i < tensors.Length; i++)
            {
                if (ParameterView.IsLearnedKind(tensors[i].Kind) == learned)
                {
                    offsets[i] = end;
                    end = RoundUp(checked(end + (int)tensors[i].Count));
                }
            }

            learnedLength = learned ? end : learnedLength;
        }

        stateLength = end;
        return offsets;
    }

    /// <summary>Numbers the layers of each kind from 0 and gives every layer its views and its counters.</summary>
    private ImmutableArray<PlacedLayer> Name(ImmutableArray<LayerDefinition> layers, int[] offsets)
    {
        var placed = ImmutableArray.CreateBuilder<PlacedLayer>(layers.Length);
        var ordinals = new Dictionary<string, int>(StringComparer.Ordinal);
        int tensor = 0;
        int activeCounts = ActiveCountsOffset;
        foreach (LayerDefinition layer in layers)
        {
            string prefix = layer.Kind.Replace("-", "", StringComparison.Ordinal);
            int ordinal = ordinals.GetValueOrDefault(prefix);
            ordinals[prefix] = ordinal + 1;
            string name = $"{prefix}{ordinal}";
            placed.Add(new(
                layer,
                name,
                [.. layer.Parameters.Select(parameter =>
                    new ParameterView($"{name}.{parameter.Name}", parameter.Kind, parameter.Shape, offsets[tensor++], layer.Block))],
                activeCounts));
            activeCounts += layer.ActiveCounts;
        }

        return placed.MoveToImmutable();
    }
}
