using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>A tensor as its layer declares it. <see cref="ParameterLayout"/> gives it a full name and a place.</summary>
/// <param name="Name">Name within the layer: <c>weight</c> of <c>dense0.weight</c>.</param>
/// <param name="Kind">Decides whether the tensor is learned, penalised and max-normed.</param>
/// <param name="Shape">Dimensions, row-major, each at least 1.</param>
/// <param name="Initial">The values before the first step.</param>
public sealed record ParameterDefinition(string Name, ParameterKind Kind, ImmutableArray<int> Shape, Initialization Initial)
{
    /// <summary>Number of elements. Wide enough for any shape of a specification that was not checked yet.</summary>
    internal Int128 Count => Shape.Aggregate((Int128)1, (product, dimension) => product * dimension);
}
