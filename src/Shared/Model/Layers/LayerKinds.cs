using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>
/// The in-place layers that a specification can name. Every process that reads a specification (trainer, worker node,
/// predictor) must have registered the kinds that the specification uses.
/// </summary>
public static class LayerKinds
{
    internal static readonly KindRegistry<LayerSpec> Registry = new(
        "layer",
        nameof(LayerKinds),
        ("batch-norm", typeof(BatchNormSpec)),
        ("relu", typeof(ReluSpec)),
        ("sigmoid", typeof(SigmoidSpec)),
        ("tanh", typeof(TanhSpec)),
        ("leaky-relu", typeof(LeakyReluSpec)),
        ("prelu", typeof(PreluSpec)));

    // What the short form of HiddenLayer stands for: activation alone, and activation with slope.
    private static readonly ImmutableSortedDictionary<ActivationKind, Activation> Activations =
        ImmutableSortedDictionary.CreateRange<ActivationKind, Activation>(
        [
            new(ActivationKind.Relu, new(() => new ReluSpec())),
            new(ActivationKind.Sigmoid, new(() => new SigmoidSpec())),
            new(ActivationKind.Tanh, new(() => new TanhSpec())),
            new(ActivationKind.LeakyRelu, new(() => new LeakyReluSpec(), slope => new LeakyReluSpec { Slope = slope })),
            new(ActivationKind.Prelu, new(() => new PreluSpec(), slope => new PreluSpec { Slope = slope })),
        ]);

    /// <summary>Names of all registered kinds, in ordinal order.</summary>
    public static ImmutableArray<string> Names => Registry.Names;

    /// <summary>Registers a kind of layer for the whole process. Registering it again under the same name changes nothing.</summary>
    /// <typeparam name="TSpec">The kind's specification.</typeparam>
    /// <param name="name">Name in JSON, of lower-case letters, digits and hyphens: <c>batch-norm</c>.</param>
    /// <exception cref="ArgumentException">The name belongs to another kind, or the kind has another name.</exception>
    public static void Register<TSpec>(string name)
        where TSpec : LayerSpec => Registry.Register(name, typeof(TSpec));

    /// <summary>The name of a specification's kind.</summary>
    /// <exception cref="BadInputException">The kind is not registered.</exception>
    public static string NameOf(LayerSpec spec) => Registry.NameOf(spec);

    /// <summary>The layer that an activation and a slope stand for.</summary>
    /// <exception cref="BadInputException">The activation is unknown, or has no slope and one was given.</exception>
    internal static LayerSpec Of(ActivationKind kind, float? slope, string path)
    {
        SpecCheck.Require(Activations.TryGetValue(kind, out Activation? activation), $"{path}.activation has no value {kind}");
        if (slope is not float value)
        {
            return activation!.Create();
        }

        IEnumerable<string> sloped =
            from entry in Activations where entry.Value.CreateWithSlope != null select SpecNames.Of(entry.Key);
        SpecCheck.Require(
            activation!.CreateWithSlope != null, $"{path}.slope goes with the activations {string.Join(" and ", sloped)} only");
        return activation.CreateWithSlope!(value);
    }

    private sealed record Activation(Func<LayerSpec> Create, Func<float, LayerSpec>? CreateWithSlope = null);
}

/// <summary>JSON of a <see cref="LayerSpec"/>.</summary>
internal sealed class LayerSpecConverter() : KindConverter<LayerSpec>(LayerKinds.Registry);
