using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>The loss functions.</summary>
public enum LossKind
{
    /// <summary>Soft-max, then cross-entropy with the class label.</summary>
    CrossEntropy,

    /// <summary>Mean over the outputs of the squared error of a linear output; <c>mse</c> for short.</summary>
    [JsonStringEnumMemberName("mse")]
    MeanSquaredError,
}

/// <summary>Specification of a model, as a model file, a checkpoint's metadata and <see cref="ToJson"/> hold it.</summary>
public sealed partial record ModelSpec
{
    /// <summary>
    /// Weight of a step's statistics in the running ones: running ← (1 − momentum)·running + momentum·step, as in PyTorch.
    /// </summary>
    public const float BatchNormMomentum = 0.1f;

    /// <summary>Features of a row, at least 1.</summary>
    public required int Inputs { get; init; }

    /// <summary>Classes, or real-valued targets, at least 1.</summary>
    public required int Outputs { get; init; }

    /// <summary>The hidden blocks from the input on; empty for soft-max or linear regression.</summary>
    public ImmutableArray<HiddenLayer> Hidden { get; init; } = [];

    /// <summary>Fraction of the input features that training drops, in [0, 1).</summary>
    public float InputDropout { get; init; }

    /// <summary>
    /// Standard deviation of the Gaussian noise that training adds to every input, before <see cref="InputDropout"/>; at least 0.
    /// </summary>
    public float InputNoise { get; init; }

    /// <summary>Distribution of the initial weights.</summary>
    public Initializer Initializer { get; init; } = new(InitializerKind.He);

    /// <summary>The loss.</summary>
    public LossKind Loss { get; init; }

    /// <summary>Probability below which cross-entropy is clipped, in (0, 1); null for no clipping.</summary>
    public float? ClipProbability { get; init; }

    /// <summary>
    /// Weight of each class in the loss, (outputs), each above 0: the loss of a row, and with it its gradient, is multiplied by that of its
    /// class. Null: all are 1.
    /// </summary>
    public ImmutableArray<float>? ClassWeights { get; init; }

    /// <summary>The kind of model; a multi-layer perceptron by default.</summary>
    public ArchitectureSpec Architecture { get; init; } = new MultiLayerPerceptronSpec();

    /// <summary>Creates the model for one thread.</summary>
    /// <param name="blas">Matrix products; their arithmetic decides the bits.</param>
    /// <param name="maxRows">Largest number of rows of a shard, at least 1.</param>
    /// <exception cref="BadInputException">The specification is not valid.</exception>
    public IModel CreateModel(IBlas blas, int maxRows)
    {
        ArgumentNullException.ThrowIfNull(blas);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        Validate();
        return Architecture.CreateModel(this, blas, maxRows);
    }

    /// <summary>Equal members, the hidden blocks one by one.</summary>
    public bool Equals(ModelSpec? other) => other is not null
        && Inputs == other.Inputs
        && Outputs == other.Outputs
        && Hidden.AsSpan().SequenceEqual(other.Hidden.AsSpan())
        && InputDropout.Equals(other.InputDropout)
        && InputNoise.Equals(other.InputNoise)
        && Equals(Initializer, other.Initializer)
        && Loss == other.Loss
        && Nullable.Equals(ClipProbability, other.ClipProbability)
        && ClassWeights.HasValue == other.ClassWeights.HasValue
        && ClassWeights.GetValueOrDefault([]).AsSpan().SequenceEqual(other.ClassWeights.GetValueOrDefault([]).AsSpan())
        && Equals(Architecture, other.Architecture);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Inputs);
        hash.Add(Outputs);
        foreach (HiddenLayer layer in Hidden.AsSpan())
        {
            hash.Add(layer);
        }

        hash.Add(InputDropout);
        hash.Add(InputNoise);
        hash.Add(Initializer);
        hash.Add(Loss);
        hash.Add(ClipProbability);
        hash.Add(ClassWeights?.Length);
        hash.Add(Architecture);
        return hash.ToHashCode();
    }
}
