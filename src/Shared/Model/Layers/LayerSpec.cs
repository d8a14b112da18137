using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NnCluster.Model;

/// <summary>
/// Specification of an in-place layer. A new kind of layer is a record that derives from this one, and one call of
/// <see cref="LayerKinds.Register"/>. The record's public properties are the members of its JSON object, beside
/// <c>kind</c>; two equal records must give the same bits.
/// </summary>
[JsonConverter(typeof(LayerSpecConverter))]
[ListedAs("layers")]
public abstract record LayerSpec
{
    /// <summary>The layer's tensors, in the order of a checkpoint; by default none.</summary>
    /// <param name="units">Outputs of the block's dense layer.</param>
    public virtual ImmutableArray<ParameterDefinition> Parameters(int units) => [];

    /// <summary>Active counts that the layer writes: <paramref name="units"/> for a layer with units that can die, by default 0.</summary>
    public virtual int ActiveCounts(int units) => 0;

    /// <summary>Rows that a shard must have for this layer; by default 1.</summary>
    public virtual int MinimumRows() => 1;

    /// <summary>Checks every property.</summary>
    /// <param name="path">Place of the specification for messages: <c>hidden[0].layers[1]</c>.</param>
    /// <exception cref="BadInputException">A value is out of its range; the message names path and property.</exception>
    public virtual void Validate(string path)
    {
    }

    /// <summary>Creates the layer.</summary>
    /// <param name="placed">Places of the tensors of <see cref="Parameters"/>.</param>
    /// <param name="maxRows">Largest number of rows of a pass.</param>
    public abstract IInPlaceLayer Create(PlacedLayer placed, int maxRows);

    internal LayerDefinition Define(int block, int units) =>
        new(LayerKinds.NameOf(this), block, units, Parameters(units), ActiveCounts(units));
}
