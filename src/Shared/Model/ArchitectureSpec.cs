using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// The part of a <see cref="ModelSpec"/> that decides which tensors the model has and which <see cref="IModel"/> computes
/// it. A new kind of model, or the same model on another device, is a record that derives from this one, and one call of
/// <see cref="Architectures.Register"/>. The record's public properties are the members of its JSON object, beside
/// <c>kind</c>.
/// </summary>
[JsonConverter(typeof(ArchitectureSpecConverter))]
public abstract record ArchitectureSpec
{
    /// <summary>Checks the architecture's own properties and what it asks of the model; the rest of the model is valid already.</summary>
    /// <exception cref="BadInputException">A value is out of its range; the message names it.</exception>
    public virtual void Validate(ModelSpec spec)
    {
    }

    /// <summary>The layers with their tensors, in the order of a checkpoint.</summary>
    public abstract IEnumerable<LayerDefinition> Define(ModelSpec spec);

    /// <summary>Creates the model for one thread.</summary>
    /// <param name="spec">A valid specification with this architecture.</param>
    /// <param name="blas">Matrix products; its <see cref="IBlas.Arithmetic"/> decides the bits.</param>
    /// <param name="maxRows">Largest number of rows of a shard.</param>
    public abstract IModel CreateModel(ModelSpec spec, IBlas blas, int maxRows);
}

/// <summary>Hidden blocks of dense layer, in-place layers and dropout, then a dense output layer.</summary>
public sealed record MultiLayerPerceptronSpec : ArchitectureSpec
{
    /// <inheritdoc/>
    public override IEnumerable<LayerDefinition> Define(ModelSpec spec)
    {
        int inputs = spec.Inputs;
        for (int block = 0; block < spec.Hidden.Length; block++)
        {
            HiddenLayer hidden = spec.Hidden[block];
            yield return DenseLayer.Define(block, inputs, hidden.Units, spec.Initializer);
            foreach (LayerSpec layer in hidden.InPlaceLayers($"hidden[{block}]"))
            {
                yield return layer.Define(block, hidden.Units);
            }

            inputs = hidden.Units;
        }

        yield return DenseLayer.Define(spec.Hidden.Length, inputs, spec.Outputs, spec.Initializer);
    }

    /// <inheritdoc/>
    public override IModel CreateModel(ModelSpec spec, IBlas blas, int maxRows) => new Network(spec, blas, maxRows);
}

/// <summary>
/// The architectures that a specification can name. Every process that reads a specification must have registered the
/// architecture that it uses.
/// </summary>
public static class Architectures
{
    internal static readonly KindRegistry<ArchitectureSpec> Registry =
        new("architecture", nameof(Architectures), ("mlp", typeof(MultiLayerPerceptronSpec)));

    /// <summary>Names of all registered architectures, in ordinal order.</summary>
    public static ImmutableArray<string> Names => Registry.Names;

    /// <summary>Registers an architecture for the whole process. Registering it again under the same name changes nothing.</summary>
    /// <typeparam name="TSpec">The architecture's specification.</typeparam>
    /// <param name="name">Name in JSON, of lower-case letters, digits and hyphens.</param>
    /// <exception cref="ArgumentException">The name belongs to another architecture, or the architecture has another name.</exception>
    public static void Register<TSpec>(string name)
        where TSpec : ArchitectureSpec => Registry.Register(name, typeof(TSpec));
}

/// <summary>JSON of an <see cref="ArchitectureSpec"/>.</summary>
internal sealed class ArchitectureSpecConverter() : KindConverter<ArchitectureSpec>(Architectures.Registry);
