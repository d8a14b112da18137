using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>A layer as <see cref="ParameterLayout"/> sees it: tensors and counters that need a place.</summary>
/// <param name="Kind">Name of the kind, such as <c>batch-norm</c>. Without hyphens and with a number it begins the tensors' names.</param>
/// <param name="Block">Index of the block, that is of the dense layer, that the layer belongs to.</param>
/// <param name="Units">Outputs of the layer for a row.</param>
/// <param name="Parameters">Tensors, in the order of a checkpoint.</param>
/// <param name="ActiveCounts">Active counts that the layer writes: one a unit, or none.</param>
public sealed record LayerDefinition(
    string Kind, int Block, int Units, ImmutableArray<ParameterDefinition> Parameters, int ActiveCounts = 0);

/// <summary>A layer with the places of its tensors and counters.</summary>
/// <param name="Definition">The layer as it was declared.</param>
/// <param name="Name">Unique in the model: <c>batchnorm0</c>.</param>
/// <param name="Tensors">Views in the order of the declaration.</param>
/// <param name="ActiveCountsOffset">Index of the layer's first active count in a gradient buffer.</param>
public sealed record PlacedLayer(LayerDefinition Definition, string Name, ImmutableArray<ParameterView> Tensors, int ActiveCountsOffset)
{
    /// <summary>Outputs of the layer for a row.</summary>
    public int Units => Definition.Units;
}
