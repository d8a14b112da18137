using System.Text.Json;

namespace NnCluster.Persistence;

/// <summary>Properties of a JSON object, each checked for its type.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _object;

    /// <exception cref="FormatException">The element is not an object.</exception>
    public JsonFields(JsonElement element) =>
        _object = element.ValueKind == JsonValueKind.Object ? element : throw new FormatException("a JSON object is expected");

    /// <summary>Whether the object has a property.</summary>
    public bool Has(string name) => _object.TryGetProperty(name, out _);

    /// <exception cref="FormatException">The property is missing or not a string.</exception>
    public string Text(string name) => TextOrNull(name) ?? throw Bad(name, "a string");

    /// <summary>A string; null where the property is missing or null.</summary>
    /// <exception cref="FormatException">The property is not a string.</exception>
    public string? TextOrNull(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Bad(name, "a string");

    /// <exception cref="FormatException">The property is missing or not a whole number of 64 bits.</exception>
    public long Whole(string name) => WholeOrNull(name) ?? throw Bad(name, "a whole number");

    /// <summary>A whole number; null where the property is missing or null.</summary>
    /// <exception cref="FormatException">The property is not a whole number of 64 bits.</exception>
    public long? WholeOrNull(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number
        : throw Bad(name, "a whole number");

    /// <exception cref="FormatException">The property is missing or not a whole number of 32 bits.</exception>
    public int Int(string name) =>
        Whole(name) is var number && number == (int)number ? (int)number : throw Bad(name, "a whole number of 32 bits");

    /// <exception cref="FormatException">The property is missing or not an unsigned whole number of 64 bits.</exception>
    public ulong Unsigned(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetUInt64(out ulong number)
            ? number
            : throw Bad(name, "a whole number");

    /// <summary>A number; NaN where the property is null.</summary>
    /// <exception cref="FormatException">The property is missing or not a number.</exception>
    public double Number(string name) => !_object.TryGetProperty(name, out JsonElement value) ? throw Bad(name, "a number")
        : value.ValueKind == JsonValueKind.Null ? double.NaN
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : throw Bad(name, "a number");

    /// <summary>A number; null where the property is missing or null.</summary>
    /// <exception cref="FormatException">The property is not a number.</exception>
    public double? NumberOrNull(string name) => Find(name) is null ? null : Number(name);

    /// <exception cref="FormatException">The property is missing or not the name of a member of the enum in camelCase.</exception>
    public TEnum Name<TEnum>(string name)
        where TEnum : struct, Enum =>
        EnumNames<TEnum>.Parse(Text(name)) ?? throw Bad(name, $"one of {string.Join(", ", EnumNames<TEnum>.All)}");

    private JsonElement? Find(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static FormatException Bad(string name, string expected) => new($"'{name}' is expected to be {expected}");
}

/// <summary>Names of the members of an enum in files: camelCase.</summary>
internal static class EnumNames<TEnum>
    where TEnum : struct, Enum
{
    private static readonly TEnum[] Members = Enum.GetValues<TEnum>();

    /// <summary>All names, in the order of the members.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Members.Select(member => JsonNamingPolicy.CamelCase.ConvertName(member.ToString()))];

    /// <summary>Name of a member.</summary>
    public static string Of(TEnum member) => All[Array.IndexOf(Members, member)];

    /// <summary>Member of a name; null if there is none.</summary>
    public static TEnum? Parse(string name)
    {
        for (int i = 0; i < Members.Length; i++)
        {
            if (All[i] == name)
            {
                return Members[i];
            }
        }

        return null;
    }
}
