using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>Names of the files of a prepared directory; docs/files.md describes them.</summary>
internal static class PreparedFiles
{
    /// <summary>The description.</summary>
    public const string Description = "dataset.json";

    /// <summary>Version of the format.</summary>
    public const int FormatVersion = 1;

    /// <summary>The parts.</summary>
    public static ImmutableArray<string> Parts { get; } = ["train", "validation", "test"];

    /// <summary>Features of a part, (rows, features), little-endian float32, row by row.</summary>
    public static string Features(string part) => $"{part}.features.f32";

    /// <summary>Labels of a part as little-endian int32, or targets as little-endian float32.</summary>
    public static string Answers(string part, ModelTask task) =>
        task == ModelTask.Classification ? $"{part}.labels.i32" : $"{part}.targets.f32";
}

/// <summary>The description of a prepared directory.</summary>
internal sealed record PreparedDescription
{
    /// <summary>Version of the format.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Display name: the file that was prepared.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the canonical bytes.</summary>
    public required string Sha256 { get; init; }

    /// <summary>SHA-256 of this description as JSON, with an empty text in this place: a changed description is not used.</summary>
    public string Digest { get; init; } = "";

    /// <summary>Number of features of a row.</summary>
    public required int Features { get; init; }

    /// <summary>Number of training rows.</summary>
    public required int TrainRows { get; init; }

    /// <summary>Number of validation rows.</summary>
    public required int ValidationRows { get; init; }

    /// <summary>Number of test rows.</summary>
    public required int TestRows { get; init; }

    /// <summary>Options that the table was prepared with.</summary>
    public required TableOptions Options { get; init; }

    /// <summary>How rows became features.</summary>
    public required Preparation Preparation { get; init; }

    /// <summary>Lines that say how the data were read and divided.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The description with its digest.</summary>
    public PreparedDescription WithDigest() => this with { Digest = ComputeDigest() };

    /// <summary>The digest that the description must have.</summary>
    public string ComputeDigest() => Convert.ToHexStringLower(
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this with { Digest = "" }, PreparedJson.Default.PreparedDescription)));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    // The digest must be the same on every system.
    NewLine = "\n",
    WriteIndented = true)]
[JsonSerializable(typeof(PreparedDescription))]
internal sealed partial class PreparedJson : JsonSerializerContext;
