using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>What a tensor of the flat buffer is, which decides who may regularise, average or project it.</summary>
public enum ParameterKind
{
    /// <summary>[outputs, inputs], a neuron's weights in a row. The only kind that is regularised and max-normed.</summary>
    Weight,

    /// <summary>[outputs].</summary>
    Bias,

    /// <summary>PReLU's learned slope, [1].</summary>
    Slope,

    /// <summary>Batch norm's learned scale, [units].</summary>
    Scale,

    /// <summary>Batch norm's learned shift, [units].</summary>
    Shift,

    /// <summary>Batch norm's running mean, [units]: state, not learned.</summary>
    RunningMean,

    /// <summary>Batch norm's running variance, [units]: state, not learned.</summary>
    RunningVariance,
}

/// <summary>A named tensor inside the flat buffers.</summary>
/// <param name="Name">PyTorch's habit: <c>dense0.weight</c>, <c>batchnorm0.running_mean</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Shape">Its dimensions, row-major.</param>
/// <param name="Offset">Index of its first element; a multiple of <see cref="ParameterLayout.Alignment"/>.</param>
/// <param name="Layer">Index of the dense layer it belongs to.</param>
public sealed record ParameterView(string Name, ParameterKind Kind, ImmutableArray<int> Shape, int Offset, int Layer)
{
    /// <summary>Number of elements.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, dimension) => product * dimension);

    /// <summary>The tensor's elements in a buffer of this layout.</summary>
    public Span<float> Of(Span<float> buffer) => buffer.Slice(Offset, Length);

    /// <inheritdoc cref="Of(Span{float})"/>
    public ReadOnlySpan<float> Of(ReadOnlySpan<float> buffer) => buffer.Slice(Offset, Length);
}
