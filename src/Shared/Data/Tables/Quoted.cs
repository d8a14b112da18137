namespace NnCluster.Data;

/// <summary>Text of a file in a message: in quotes, without control characters, shortened.</summary>
internal static class Quoted
{
    private const int Longest = 40;

    /// <summary>The text, quoted.</summary>
    public static string Text(ReadOnlySpan<char> text) => $"\"{Plain(text)}\"";

    /// <summary>The text without quotes.</summary>
    public static string Plain(ReadOnlySpan<char> text)
    {
        string shown = text.Length > Longest ? $"{text[..Longest]}…" : text.ToString();
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c));
    }
}
