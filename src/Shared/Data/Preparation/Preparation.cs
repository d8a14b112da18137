using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>
/// How a row of a table becomes the inputs of a model, and the outputs of the model become an answer. Fitted on training rows and
/// stored with the model. Immutable and thread-safe.
/// </summary>
public sealed record Preparation
{
    /// <summary>What the model answers.</summary>
    public required ModelTask Task { get; init; }

    /// <summary>Name of the column that the model answers.</summary>
    public required string Target { get; init; }

    /// <summary>Columns that become features, in the order of the features.</summary>
    public required ImmutableArray<InputColumn> Columns { get; init; }

    /// <summary>Whether the columns have names; without names their position in the file counts.</summary>
    public bool HasNames { get; init; } = true;

    /// <summary>Names of the classes; empty for a regression.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>Training rows of each class, (classes): the baseline that a model is compared with; empty for a regression.</summary>
    public ImmutableArray<long> ClassRows { get; init; } = [];

    /// <summary>Regression: mean of the training targets, in their unit: the baseline that a model is compared with.</summary>
    public double BaselineTarget { get; init; }

    /// <summary>Regression: target of output 0, in the target's unit.</summary>
    public double TargetMean { get; init; }

    /// <summary>Regression: unit of the outputs, in the target's unit.</summary>
    public double TargetScale { get; init; } = 1;

    /// <summary>Number of features of a row.</summary>
    [JsonIgnore]
    public int Features => Columns.Sum(column => column.Features);

    /// <summary>The target of an output of a regression: output · <see cref="TargetScale"/> + <see cref="TargetMean"/>.</summary>
    public double ToTarget(float output) => (output * TargetScale) + TargetMean;

    /// <summary>The output that a target of a regression asks for.</summary>
    internal float ToOutput(double target) => (float)((target - TargetMean) / TargetScale);

    /// <inheritdoc/>
    public bool Equals(Preparation? other) => other is not null && ToJson() == other.ToJson();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Task, Target, Columns.Length);

    /// <summary>One JSON object on one line; docs/files.md describes it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PreparationJson.Default.Preparation);

    /// <summary>Reads the JSON of <see cref="ToJson"/>.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="source">Name of its source, for messages.</param>
    /// <exception cref="BadInputException">It is no preparation.</exception>
    public static Preparation Parse(string json, string source)
    {
        try
        {
            Preparation preparation = JsonSerializer.Deserialize(json, PreparationJson.Default.Preparation)
                ?? throw new BadInputException($"{source}: its preparation is null.");
            return preparation is { Columns.IsDefaultOrEmpty: false, Classes.IsDefault: false } && preparation.Columns.All(column => column.Features > 0)
                ? preparation
                : throw new BadInputException($"{source}: its preparation has no column, or a column without a feature.");
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            throw new BadInputException($"{source}: its preparation cannot be read: {wrong.Message}", wrong);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Preparation))]
internal sealed partial class PreparationJson : JsonSerializerContext;
