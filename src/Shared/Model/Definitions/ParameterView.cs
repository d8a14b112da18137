using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>The role of a tensor. It decides whether the tensor is learned, penalised and max-normed.</summary>
public enum ParameterKind
{
    /// <summary>[outputs, …], the weights of a neuron in a row. The only kind that is penalised, decayed and max-normed.</summary>
    Weight,

    /// <summary>[outputs], learned.</summary>
    Bias,

    /// <summary>Slope of an activation, [1] for PReLU, learned.</summary>
    Slope,

    /// <summary>Factor a unit, [units], learned.</summary>
    Scale,

    /// <summary>Offset a unit, [units], learned.</summary>
    Shift,

    /// <summary>Running mean of a statistic, [units]. Training averages it over shards and steps instead of learning it.</summary>
    RunningMean,

    /// <summary>Running variance, [units]. Training averages it over shards and steps instead of learning it.</summary>
    RunningVariance,
}

/// <summary>A named tensor inside the flat buffers.</summary>
/// <param name="Name">As PyTorch names it: <c>dense0.weight</c>, <c>batchnorm0.running_mean</c>.</param>
/// <param name="Kind">Role of the tensor.</param>
/// <param name="Shape">Dimensions, row-major.</param>
/// <param name="Offset">Index of the first element; a multiple of <see cref="ParameterLayout.Alignment"/>.</param>
/// <param name="Layer">Index of the block, that is of the dense layer, that the tensor belongs to.</param>
public sealed record ParameterView(string Name, ParameterKind Kind, ImmutableArray<int> Shape, int Offset, int Layer)
{
    /// <summary>Number of elements.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>Whether the optimizer changes the tensor by its gradient; if not, it is a running statistic.</summary>
    public bool IsLearned => IsLearnedKind(Kind);

    /// <summary>Whether penalties, weight decay and max-norm apply: rows of weights, one row a neuron.</summary>
    public bool IsWeight => Kind == ParameterKind.Weight;

    internal static bool IsLearnedKind(ParameterKind kind) => kind is not (ParameterKind.RunningMean or ParameterKind.RunningVariance);

    /// <summary>The tensor's elements in a buffer of this layout.</summary>
    public Span<float> Of(Span<float> buffer) => buffer.Slice(Offset, Length);

    /// <inheritdoc cref="Of(Span{float})"/>
    public ReadOnlySpan<float> Of(ReadOnlySpan<float> buffer) => buffer.Slice(Offset, Length);
}
