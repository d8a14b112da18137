namespace NnCluster.Data;

/// <summary>
/// One column of a table and its cells, of one float32 each: the distance of a number from <see cref="Origin"/>, or the index of a
/// text in <see cref="Texts"/>; NaN where the value is missing.
/// </summary>
/// <param name="name">Name of the column.</param>
/// <param name="kind">Kind of its values.</param>
/// <param name="origin">Number from which distances are taken: 0, or one of the column if all are large, such as times in seconds.</param>
internal sealed class Column(string name, ColumnKind kind, double origin = 0)
{
    /// <summary>Most different texts; float32 can count no further than 2^24.</summary>
    public const int MostTexts = 1 << 20;

    /// <summary>Name of the column.</summary>
    public string Name { get; } = name;

    /// <summary>Kind of the values.</summary>
    public ColumnKind Kind { get; } = kind;

    /// <summary>Number from which distances are taken; 0 for text.</summary>
    public double Origin { get; } = kind == ColumnKind.Number ? origin : 0;

    /// <summary>The different texts of a column of text.</summary>
    public InternedTexts Texts { get; } = new();

    /// <summary>Rows without a value.</summary>
    public int Missing { get; private set; }

    /// <summary>Place of the first row without a value; null if every row has one.</summary>
    public string? FirstMissing { get; private set; }

    /// <summary>The cell of a number; its distance from the origin is rounded to float32.</summary>
    public float CellOf(double value) => (float)(value - Origin);

    /// <summary>The cell of a missing value, which is counted.</summary>
    public float MissingAt(TableSource source)
    {
        FirstMissing ??= source.Place;
        Missing++;
        return float.NaN;
    }
}
