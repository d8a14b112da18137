using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

public sealed partial record ModelSpec
{
    /// <summary>Rows a shard must have where there is batch norm: one row has no variance.</summary>
    public const int MinimumBatchNormRows = 2;

    /// <summary>Checks every value.</summary>
    /// <exception cref="BadInputException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        RequireAtLeastOne("inputs", Inputs);
        RequireAtLeastOne("outputs", Outputs);
        RequireRate("inputDropout", InputDropout);
        Require(float.IsFinite(InputNoise) && InputNoise >= 0f, $"inputNoise must be a finite number of at least 0, not {InputNoise}");
        Require(!Hidden.IsDefault, "hidden must be a list of layers; [] is a model without hidden layers");
        Require(Initializer != null, "initializer must name a distribution");
        RequireKnown("initializer.kind", Initializer!.Kind);
        Require(float.IsFinite(Initializer.Scale) && Initializer.Scale >= 0f,
            $"initializer.scale must be a finite number of at least 0, not {Initializer.Scale}");
        RequireKnown("loss", Loss);
        if (ClipProbability is float clip)
        {
            Require(clip is > 0f and < 1f, $"clipProbability must lie between 0 and 1, exclusive, not {clip}");
            Require(Loss == LossKind.CrossEntropy, "clipProbability goes with the loss cross-entropy only");
        }

        for (int i = 0; i < Hidden.Length; i++)
        {
            Validate(Hidden[i], $"hidden[{i}]");
        }

        long parameters = CountParameters();
        Require(parameters <= MaximumParameters, $"the model has {parameters} parameters; at most {MaximumParameters} fit one buffer");
    }

    /// <summary>Refuses shards that batch norm cannot normalise.</summary>
    /// <param name="smallestShardRows">Rows of the smallest shard of the run.</param>
    /// <exception cref="BadInputException">The model has batch norm and a shard has fewer than two rows.</exception>
    public void ValidateShardRows(int smallestShardRows)
    {
        if (Hidden.Any(layer => layer.BatchNorm))
        {
            RequireShardRows(smallestShardRows);
        }
    }

    internal static void RequireShardRows(int rows)
    {
        if (rows < MinimumBatchNormRows)
        {
            throw new BadInputException(
                $"batch norm needs at least {MinimumBatchNormRows} rows a shard, not {rows}; take larger batches or fewer shards");
        }
    }

    // No tensor may be longer than a stream of normal numbers; offsets then fit an int with room for padding and metrics.
    private const long MaximumParameters = NormalSampler.Length;

    private static void Validate(HiddenLayer? layer, string where)
    {
        Require(layer != null, $"{where} must be a layer, not null");
        RequireAtLeastOne($"{where}.units", layer!.Units);
        RequireKnown($"{where}.activation", layer.Activation);
        RequireRate($"{where}.dropout", layer.Dropout);
        if (layer.Slope is float slope)
        {
            Require(layer.Activation is ActivationKind.LeakyRelu or ActivationKind.Prelu,
                $"{where}.slope goes with the activations leaky-relu and prelu only");
            Require(float.IsFinite(slope), $"{where}.slope must be a finite number, not {slope}");
            Require(layer.Activation != ActivationKind.LeakyRelu || slope >= 0f, $"{where}.slope must be at least 0, not {slope}");
        }
    }

    private long CountParameters()
    {
        long count = 0;
        long inputs = Inputs;
        foreach (HiddenLayer layer in Hidden)
        {
            count += layer.Units * (inputs + 3L);
            inputs = layer.Units;
        }

        return count + (Outputs * (inputs + 1L));
    }

    private static void RequireAtLeastOne(string name, int value) => Require(value >= 1, $"{name} must be at least 1, not {value}");

    private static void RequireRate(string name, float value) =>
        Require(value is >= 0f and < 1f, $"{name} must be at least 0 and below 1, not {value}");

    private static void RequireKnown<TEnum>(string name, TEnum value)
        where TEnum : struct, Enum => Require(Enum.IsDefined(value), $"{name} has no value {value}");

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new BadInputException(message);
        }
    }
}
