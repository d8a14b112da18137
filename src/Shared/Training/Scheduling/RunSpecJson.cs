using System.Text.Json;
using System.Text.Json.Serialization;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>The JSON form of a run's specification, as a checkpoint's metadata and the wire carry it.</summary>
public static class RunSpecJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>One line of JSON; equal specifications give equal lines.</summary>
    public static string ToJson(this RunSpec spec) => JsonSerializer.Serialize(spec, Options);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What to call it in an error.</param>
    /// <exception cref="BadInputException">It is not a run's specification.</exception>
    public static RunSpec Parse(string json, string source)
    {
        try
        {
            return JsonSerializer.Deserialize<RunSpec>(json, Options) ?? throw new BadInputException($"{source}: expected a run's specification, found null");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{source}: is not a run's specification: {e.Message}", e);
        }
    }
}
