using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>
/// A hidden block: dense layer, in-place layers, dropout. The in-place layers are either listed in <see cref="Layers"/> or
/// given in short form: batch normalisation if <see cref="BatchNorm"/>, then <see cref="Activation"/>.
/// </summary>
[ListedAs("layers")]
public sealed record HiddenLayer
{
    /// <summary>Number of neurons, at least 1.</summary>
    public required int Units { get; init; }

    /// <summary>The activation; ReLU by default, null with <see cref="Layers"/>.</summary>
    public ActivationKind? Activation
    {
        get => field ?? (Layers is null ? ActivationKind.Relu : null);
        init;
    }

    /// <summary>
    /// Slope of leaky ReLU for negative inputs (0.01 if null), or the initial one of PReLU (0.25 if null). Null for other
    /// activations.
    /// </summary>
    public float? Slope { get; init; }

    /// <summary>Whether batch normalisation stands between the dense layer and the activation.</summary>
    public bool BatchNorm { get; init; }

    /// <summary>The in-place layers in order, of any registered kind; null if the short form says them, empty for none.</summary>
    public ImmutableArray<LayerSpec>? Layers { get; init; }

    /// <summary>Fraction of the outputs that training drops, in [0, 1).</summary>
    public float Dropout { get; init; }

    /// <summary>Equal members, the in-place layers one by one.</summary>
    public bool Equals(HiddenLayer? other) => other is not null
        && Units == other.Units
        && Activation == other.Activation
        && Nullable.Equals(Slope, other.Slope)
        && BatchNorm == other.BatchNorm
        && Layers.HasValue == other.Layers.HasValue
        && Layers.GetValueOrDefault().AsSpan().SequenceEqual(other.Layers.GetValueOrDefault().AsSpan())
        && Dropout.Equals(other.Dropout);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Units);
        hash.Add(Activation);
        hash.Add(Slope);
        hash.Add(BatchNorm);
        foreach (LayerSpec layer in Layers.GetValueOrDefault().AsSpan())
        {
            hash.Add(layer);
        }

        hash.Add(Dropout);
        return hash.ToHashCode();
    }

    /// <summary>The in-place layers in order, the short form written out.</summary>
    /// <param name="path">Place of the block for messages: <c>hidden[0]</c>.</param>
    /// <exception cref="BadInputException">The short form is not valid.</exception>
    internal ImmutableArray<LayerSpec> InPlaceLayers(string path)
    {
        if (Layers is { } layers)
        {
            return layers;
        }

        LayerSpec activation = LayerKinds.Of(Activation!.Value, Slope, path);
        return BatchNorm ? [new BatchNormSpec(), activation] : [activation];
    }

    /// <summary>Checks every value.</summary>
    /// <param name="path">Place of the block for messages: <c>hidden[0]</c>.</param>
    /// <exception cref="BadInputException">A value is out of its range; the message names it.</exception>
    internal void Validate(string path)
    {
        SpecCheck.RequireAtLeastOne($"{path}.units", Units);
        SpecCheck.RequireRate($"{path}.dropout", Dropout);
        if (Layers is not { } layers)
        {
            foreach (LayerSpec layer in InPlaceLayers(path))
            {
                layer.Validate(path);
            }

            return;
        }

        SpecCheck.Require(
            Activation is null && Slope is null && !BatchNorm,
            $"{path}.layers takes the place of activation, slope and batchNorm: give one or the other");
        SpecCheck.Require(!layers.IsDefault, $"{path}.layers must be a list of layers; [] is a block without in-place layers");
        for (int i = 0; i < layers.Length; i++)
        {
            SpecCheck.Require(layers[i] is not null, $"{path}.layers[{i}] must be a layer, not null");
            _ = LayerKinds.NameOf(layers[i]);
            layers[i].Validate($"{path}.layers[{i}]");
        }
    }
}
