using System.Text.Json;
using System.Text.Json.Serialization;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>The result of a training run: what <c>train --json</c> prints and <c>summary.json</c> holds.</summary>
public sealed record RunSummary
{
    /// <summary>Accuracy on the test rows in [0, 1]; NaN (null in JSON) for regression.</summary>
    public required double TestAccuracy { get; init; }

    /// <summary>Mean loss over the test rows.</summary>
    public required double TestLoss { get; init; }

    /// <summary>Mean loss of the last epoch's minibatches.</summary>
    public required double TrainLoss { get; init; }

    /// <summary>Accuracy on the rows held out; null, and absent from the JSON, if none were.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ValidationAccuracy { get; init; }

    /// <summary>Epochs completed.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps taken.</summary>
    public required long Steps { get; init; }

    /// <summary>Rows trained on, each as often as it was used.</summary>
    public required long Images { get; init; }

    /// <summary>Seconds of the training loop alone, evaluation excluded.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Seconds from the start of the run to its end.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary><see cref="Images"/> / <see cref="TrainSeconds"/>.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>See <see cref="ModelFile.WeightsSha256"/>.</summary>
    public required string WeightsSha256 { get; init; }

    /// <summary>Number of learned parameters.</summary>
    public required int Parameters { get; init; }

    /// <summary>Workers that took part.</summary>
    public required int Workers { get; init; }

    /// <summary>Shards a minibatch was cut into.</summary>
    public required int Shards { get; init; }

    /// <summary>The BLAS backend.</summary>
    public required string Blas { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Shards that had to be given out again.</summary>
    public required long ReassignedShards { get; init; }

    /// <summary>Workers that were lost.</summary>
    public required int WorkersLost { get; init; }

    /// <summary>The step of the checkpoint the run went on from; null if it began at the beginning.</summary>
    public long? ResumedFromStep { get; init; }

    /// <summary>Where the run's files are.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>One JSON object on one line. NaN and infinities become null.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunSummaryJson.Default.RunSummary);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is not that.</exception>
    public static RunSummary Parse(string json) =>
        JsonSerializer.Deserialize(json, RunSummaryJson.Default.RunSummary) ?? throw new JsonException("A run summary is an object, not null.");
}

/// <summary>JSON has no NaN and no infinity: null stands for them.</summary>
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
