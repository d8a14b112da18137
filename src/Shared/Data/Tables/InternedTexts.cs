namespace NnCluster.Data;

/// <summary>Different texts, numbered from 0 in order of first appearance.</summary>
internal sealed class InternedTexts
{
    private readonly List<string> _texts = [];
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public InternedTexts() => _lookup = _codes.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Number of different texts.</summary>
    public int Count => _texts.Count;

    /// <summary>The text of a number.</summary>
    public string this[int code] => _texts[code];

    /// <summary>The number of a text, which is added if it is new.</summary>
    public int CodeOf(ReadOnlySpan<char> text)
    {
        if (!_lookup.TryGetValue(text, out int code))
        {
            code = _texts.Count;
            string added = text.ToString();
            _texts.Add(added);
            _codes.Add(added, code);
        }

        return code;
    }
}
