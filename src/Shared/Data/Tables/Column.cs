namespace NnCluster.Data;

/// <summary>
/// One column of a table in memory: a number for each row, NaN where it is missing. In a column of text the number is the index
/// of the row's text in <see cref="Texts"/>. Numbers are held as float32 distances from <see cref="Origin"/>.
/// </summary>
/// <param name="name">Name of the column.</param>
/// <param name="kind">Kind of its values.</param>
/// <param name="origin">Number from which distances are taken.</param>
internal sealed class Column(string name, ColumnKind kind, double origin = 0)
{
    private const int ChunkRows = 1 << 16;

    private readonly List<float[]> _chunks = [];
    private readonly List<string> _texts = [];
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private float[] _last = [];
    private int _used;

    /// <summary>Name of the column.</summary>
    public string Name { get; } = name;

    /// <summary>Kind of the values.</summary>
    public ColumnKind Kind { get; } = kind;

    /// <summary>Number from which distances are taken: 0, or one of the column if all are large, such as times in seconds.</summary>
    public double Origin { get; } = origin;

    /// <summary>Number of rows.</summary>
    public int Rows => _chunks.Count == 0 ? 0 : ((_chunks.Count - 1) * ChunkRows) + _used;

    /// <summary>The different texts of a column of text, in order of first appearance.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>Rows without a value.</summary>
    public int Missing { get; private set; }

    /// <summary>Place of the first row without a value; null if every row has one.</summary>
    public string? FirstMissing { get; private set; }

    /// <summary>The value of a row: a number or the index of a text; NaN if it is missing.</summary>
    public double this[int row] => Origin + _chunks[row / ChunkRows][row % ChunkRows];

    /// <summary>Appends a number; its distance from the origin is rounded to float32.</summary>
    public void Add(double value) => Append((float)(value - Origin));

    /// <summary>Appends a text.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> codes = _codes.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!codes.TryGetValue(text, out int code))
        {
            code = _texts.Count;
            string added = text.ToString();
            _texts.Add(added);
            _codes.Add(added, code);
        }

        Append(code);
    }

    /// <summary>Appends a missing value.</summary>
    /// <param name="place">Returns the place in the file, for messages.</param>
    public void AddMissing(Func<string> place)
    {
        FirstMissing ??= place();
        Missing++;
        Append(float.NaN);
    }

    private void Append(float value)
    {
        if (_chunks.Count == 0 || _used == ChunkRows)
        {
            _last = new float[ChunkRows];
            _chunks.Add(_last);
            _used = 0;
        }

        _last[_used++] = value;
    }
}
