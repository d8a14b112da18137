using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NnCluster.Model;

/// <summary>The non-linearities of the catalogue.</summary>
public enum ActivationKind
{
    Relu,
    Sigmoid,
    Tanh,
    LeakyRelu,
    Prelu,
}

/// <summary>The distributions initial weights are drawn from.</summary>
public enum InitializerKind
{
    /// <summary>Normal, variance 2 / inputs (He et al. 2015); biases 0.</summary>
    He,

    /// <summary>Uniform within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010); biases 0.</summary>
    Xavier,

    /// <summary>Normal with mean 0 and deviation <see cref="Initializer.Scale"/>, for weights and biases.</summary>
    Normal,

    /// <summary>Uniform within ±<see cref="Initializer.Scale"/>, for weights and biases.</summary>
    Uniform,
}

/// <summary>What is minimised.</summary>
public enum LossKind
{
    /// <summary>Soft-max, then cross-entropy with the class label.</summary>
    CrossEntropy,

    /// <summary>The mean over the outputs of the squared error of a linear output; <c>mse</c> for short.</summary>
    [JsonStringEnumMemberName("mse")]
    MeanSquaredError,
}

/// <summary>How initial weights are drawn. <paramref name="Scale"/> matters to normal (σ) and uniform (a) only.</summary>
public sealed record Initializer(InitializerKind Kind, float Scale = 1f);

/// <summary>One hidden layer: dense, then batch norm if asked, then the activation, then dropout.</summary>
public sealed record HiddenLayer
{
    /// <summary>Number of neurons.</summary>
    public required int Units { get; init; }

    /// <summary>The non-linearity.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Relu;

    /// <summary>
    /// The slope of leaky ReLU for negative inputs (0.01 where null), and the initial one of PReLU (0.25 where null).
    /// </summary>
    public float? Slope { get; init; }

    /// <summary>Whether batch normalisation stands between the dense layer and the activation.</summary>
    public bool BatchNorm { get; init; }

    /// <summary>The fraction of the outputs dropped in training, in [0, 1).</summary>
    public float Dropout { get; init; }
}

/// <summary>A multi-layer perceptron: what <c>--model</c> reads and a checkpoint's metadata holds.</summary>
public sealed partial record ModelSpec
{
    /// <summary>Added to the variance before batch norm divides by its root, as in PyTorch.</summary>
    public const float BatchNormEpsilon = 1e-5f;

    /// <summary>The weight of a new batch statistic in the running average, as PyTorch defines it.</summary>
    public const float BatchNormMomentum = 0.1f;

    /// <summary>Features of a row.</summary>
    public required int Inputs { get; init; }

    /// <summary>Classes, or real-valued targets.</summary>
    public required int Outputs { get; init; }

    /// <summary>The hidden layers from the input on; none is soft-max (or linear) regression.</summary>
    public ImmutableArray<HiddenLayer> Hidden { get; init; } = [];

    /// <summary>The fraction of the input features dropped in training.</summary>
    public float InputDropout { get; init; }

    /// <summary>
    /// The standard deviation of the Gaussian noise added to every input in training, before <see cref="InputDropout"/>.
    /// Not written where it is 0, so that models without noise keep their JSON.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float InputNoise { get; init; }

    /// <summary>How weights are drawn.</summary>
    public Initializer Initializer { get; init; } = new(InitializerKind.He);

    /// <summary>The loss.</summary>
    public LossKind Loss { get; init; }

    /// <summary>Where probabilities are clipped before the logarithm, as the notebook does; null: never.</summary>
    public float? ClipProbability { get; init; }
}
