using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NnCluster.Persistence;

/// <summary>The result of a training run, which <c>train --json</c> prints and <c>summary.json</c> has; see docs/files.md.</summary>
public sealed record RunSummary
{
    /// <summary>Accuracy on the test rows in [0, 1]; NaN (null in JSON) for regression, and without an evaluation.</summary>
    public required double TestAccuracy { get; init; }

    /// <summary>Mean loss over the test rows.</summary>
    public required double TestLoss { get; init; }

    /// <summary>Mean loss of the minibatches before the last evaluation.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>Accuracy on the rows held out, in [0, 1]; null, and absent from the JSON, if none are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ValidationAccuracy { get; init; }

    /// <summary>
    /// Metrics on the test rows, beside a baseline, as <see cref="Model.ModelMetrics.ToJson()"/> writes them; null, and absent from the JSON,
    /// without an evaluation.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Metrics { get; init; }

    /// <summary>
    /// Epoch after which the loss on the validation rows was least, where that model state is the result; test and validation results,
    /// metrics and weights are those of it. Null, and absent from the JSON, if the last state is the result.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? BestEpoch { get; init; }

    /// <summary>Step of <see cref="BestEpoch"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? BestStep { get; init; }

    /// <summary>Epochs completed.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps taken.</summary>
    public required long Steps { get; init; }

    /// <summary>Rows trained on in all terms, each as often as it was used; 0 if a version wrote the summary that did not say it.</summary>
    public long TrainedRows { get; init; }

    /// <summary>Rows of a whole epoch; 0 if a version wrote the summary that did not say it.</summary>
    public long EpochRows { get; init; }

    /// <summary>Rows trained on in this term, each as often as it was used.</summary>
    public required long Images { get; init; }

    /// <summary>Training time of this term, evaluations excluded, in seconds.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Time of this term, in seconds.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary><see cref="Images"/> ÷ <see cref="TrainSeconds"/>, in rows/s.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>See <see cref="Model.ParameterLayout.Sha256"/>.</summary>
    public required string WeightsSha256 { get; init; }

    /// <summary>Number of learned parameters.</summary>
    public required int Parameters { get; init; }

    /// <summary>Workers that took part.</summary>
    public required int Workers { get; init; }

    /// <summary>Shards of a minibatch.</summary>
    public required int Shards { get; init; }

    /// <summary>The BLAS backend.</summary>
    public required string Blas { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Shards that were reassigned in this term.</summary>
    [JsonPropertyName("reassignedShards")]
    public required long ReassignedShards { get; init; }

    /// <summary>Participants that were lost in this term.</summary>
    public required int WorkersLost { get; init; }

    /// <summary>Step of the checkpoint that this term resumed from; null for a new run.</summary>
    public long? ResumedFromStep { get; init; }

    /// <summary>Absolute path of the run directory; empty if the run leaves no files.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>One JSON object on one line. NaN and infinities become null.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunSummaryJson.Default.RunSummary);

    /// <summary>Reads the JSON of <see cref="ToJson"/>.</summary>
    /// <exception cref="JsonException">It is not a summary.</exception>
    public static RunSummary Parse(string json) =>
        JsonSerializer.Deserialize(json, RunSummaryJson.Default.RunSummary)
        ?? throw new JsonException("A run summary is an object, not null.");
}

/// <summary>Writes NaN and infinities, which JSON lacks, as null; reads null as NaN.</summary>
internal sealed class NonFiniteAsNull : JsonConverter<double>
{
    public override bool HandleNull => true;

    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(NonFiniteAsNull)])]
[JsonSerializable(typeof(RunSummary))]
internal sealed partial class RunSummaryJson : JsonSerializerContext;
