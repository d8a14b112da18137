using System.Text.Json;
using System.Text.Json.Serialization;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>JSON of the best evaluation so far, in the metadata of checkpoints.</summary>
internal static class SelectionJson
{
    /// <summary>One JSON object on one line.</summary>
    public static string ToJson(this SelectionState selection) =>
        JsonSerializer.Serialize(selection, SelectionJsonContext.Default.SelectionState);

    /// <summary>Reads the JSON of <see cref="ToJson"/>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Name of the text in errors.</param>
    /// <exception cref="BadInputException">It is not the state of a selection.</exception>
    public static SelectionState Parse(string json, string source)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SelectionJsonContext.Default.SelectionState) is { Later: >= 0 } selection
                ? selection
                : throw new BadInputException($"{source}: its selection is damaged: {json}");
        }
        catch (JsonException wrong)
        {
            throw new BadInputException($"{source}: its selection cannot be read: {wrong.Message}", wrong);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SelectionState))]
internal sealed partial class SelectionJsonContext : JsonSerializerContext;
