using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NnCluster.Training;

/// <summary>JSON of a run's specification, in the metadata of checkpoints and on the wire.</summary>
public static class RunSpecJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The specification as one line of JSON.</summary>
    public static string ToJson(this RunSpec spec) => JsonSerializer.Serialize(spec, Options);

    /// <summary>The specification as a tree of JSON.</summary>
    internal static JsonObject ToTree(this RunSpec spec) => (JsonObject)JsonSerializer.SerializeToNode(spec, Options)!;

    /// <summary>Reads the JSON of <see cref="ToJson"/>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Name of the text in errors.</param>
    /// <exception cref="BadInputException">It is not the specification of a run.</exception>
    public static RunSpec Parse(string json, string source)
    {
        try
        {
            return JsonSerializer.Deserialize<RunSpec>(json, Options)
                ?? throw new BadInputException($"{source}: expected the specification of a run, found null");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{source}: is not the specification of a run: {e.Message}", e);
        }
    }
}
