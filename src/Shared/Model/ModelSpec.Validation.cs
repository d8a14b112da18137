using NnCluster.Numerics;

namespace NnCluster.Model;

public sealed partial record ModelSpec
{
    // No tensor may be longer than a stream of normal numbers; offsets then fit an int with room for padding and metrics.
    private const long MaxStateValues = NormalSampler.Length;

    /// <summary>Rows that a shard must have: the largest minimum of the layers.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int MinimumRows => InPlaceLayers().Select(layer => layer.MinimumRows()).Append(1).Max();

    /// <summary>Checks every value.</summary>
    /// <exception cref="BadInputException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        SpecCheck.RequireAtLeastOne("inputs", Inputs);
        SpecCheck.RequireAtLeastOne("outputs", Outputs);
        SpecCheck.RequireRate("inputDropout", InputDropout);
        SpecCheck.Require(
            float.IsFinite(InputNoise) && InputNoise >= 0f, $"inputNoise must be a finite number of at least 0, not {InputNoise}");
        SpecCheck.Require(!Hidden.IsDefault, "hidden must be a list of layers; [] is a model without hidden layers");
        SpecCheck.Require(Initializer != null, "initializer must name a distribution");
        SpecCheck.RequireKnown("initializer.kind", Initializer!.Kind);
        SpecCheck.Require(float.IsFinite(Initializer.Scale) && Initializer.Scale >= 0f,
            $"initializer.scale must be a finite number of at least 0, not {Initializer.Scale}");
        SpecCheck.RequireKnown("loss", Loss);
        if (ClipProbability is float clip)
        {
            SpecCheck.Require(clip is > 0f and < 1f, $"clipProbability must lie between 0 and 1, exclusive, not {clip}");
            SpecCheck.Require(Loss == LossKind.CrossEntropy, "clipProbability goes with the loss cross-entropy only");
        }

        if (ClassWeights is { } weights)
        {
            SpecCheck.Require(
                !weights.IsDefault && weights.Length == Outputs, $"classWeights must have one number for each of the {Outputs} outputs");
            SpecCheck.Require(
                weights.All(weight => float.IsFinite(weight) && weight > 0f), "classWeights must be finite numbers above 0");
        }

        for (int i = 0; i < Hidden.Length; i++)
        {
            SpecCheck.Require(Hidden[i] != null, $"hidden[{i}] must be a layer, not null");
            Hidden[i].Validate($"hidden[{i}]");
        }

        SpecCheck.Require(Architecture != null, "architecture must name a kind of model");
        Architecture!.Validate(this);
        Int128 values = Architecture.Define(this)
            .SelectMany(layer => layer.Parameters)
            .Aggregate((Int128)0, (sum, parameter) => sum + parameter.Count);
        SpecCheck.Require(values <= MaxStateValues,
            $"the model has {values} parameters, running statistics included; at most {MaxStateValues} fit one buffer");
    }

    /// <summary>Refuses shards with too few rows for a layer.</summary>
    /// <param name="smallestShardRows">Rows of the smallest shard of the run.</param>
    /// <exception cref="BadInputException">A layer, such as batch normalisation, needs more rows; the message names it.</exception>
    public void ValidateShardRows(int smallestShardRows)
    {
        if (InPlaceLayers().FirstOrDefault(layer => layer.MinimumRows() > smallestShardRows) is { } layer)
        {
            throw new BadInputException(
                $"{LayerKinds.NameOf(layer)} needs at least {layer.MinimumRows()} rows a shard, not {smallestShardRows}; "
                + "take larger batches or fewer shards");
        }
    }

    private IEnumerable<LayerSpec> InPlaceLayers() => Hidden.SelectMany((layer, i) => layer.InPlaceLayers($"hidden[{i}]"));
}
