namespace NnCluster.Data;

/// <summary>Texts that stand for a missing value, in any case: nothing, NA, N/A, NaN, null, None and ?.</summary>
internal static class MissingValues
{
    private const int Longest = 4;

    /// <summary>The texts, for messages.</summary>
    public const string Names = "an empty field, NA, N/A, NaN, null, None or ?";

    /// <summary>Whether a trimmed field stands for a missing value.</summary>
    /// <param name="field">UTF-8.</param>
    public static bool Contains(ReadOnlySpan<byte> field)
    {
        // Most fields are numbers.
        if (field.Length > Longest || (field.Length > 0 && field[0] is not ((byte)'N' or (byte)'n' or (byte)'?')))
        {
            return false;
        }

        Span<char> text = stackalloc char[Longest];
        for (int i = 0; i < field.Length; i++)
        {
            text[i] = (char)field[i];
        }

        return Contains(text[..field.Length]);
    }

    /// <inheritdoc cref="Contains(ReadOnlySpan{byte})"/>
    public static bool Contains(ReadOnlySpan<char> field) => field.Length switch
    {
        0 => true,
        1 => field[0] == '?',
        2 => Is(field, "NA"),
        3 => Is(field, "N/A") || Is(field, "NaN"),
        4 => Is(field, "null") || Is(field, "None"),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<char> field, string name) => field.Equals(name, StringComparison.OrdinalIgnoreCase);
}
