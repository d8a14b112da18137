using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Model;

/// <summary>Names of enum values in specifications and on the command line: <c>leaky-relu</c>.</summary>
internal static class SpecNames
{
    /// <summary>Writes and reads the names in JSON; refuses numbers.</summary>
    public static JsonStringEnumConverter Converter { get; } = new(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

    private static readonly JsonSerializerOptions Options = new() { Converters = { Converter } };

    /// <summary>The name of a value.</summary>
    public static string Of(object value) => JsonSerializer.Serialize(value, value.GetType(), Options).Trim('"');
}
