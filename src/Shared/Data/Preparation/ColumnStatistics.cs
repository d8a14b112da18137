namespace NnCluster.Data;

/// <summary>
/// Statistics of one column over the training rows, from its cells block by block. Sums are taken in double precision in the order of the
/// rows.
/// </summary>
/// <param name="column">The column.</param>
/// <param name="index">Its index in the table.</param>
internal sealed class ColumnStatistics(Column column, int index)
{
    private double _sum;
    private double _squares;
    private int[] _rowsOfText = [];
    private float[] _gathered = [];
    private int _gatheredCount;

    /// <summary>The column.</summary>
    public Column Column { get; } = column;

    /// <summary>Index of the column in the table.</summary>
    public int Index { get; } = index;

    /// <summary>Rows with a value.</summary>
    public int Count { get; private set; }

    /// <summary>Least number; +∞ without numbers.</summary>
    public double Minimum { get; private set; } = double.PositiveInfinity;

    /// <summary>Greatest number; −∞ without numbers.</summary>
    public double Maximum { get; private set; } = double.NegativeInfinity;

    /// <summary>The mean.</summary>
    public double Mean => _sum / Count;

    /// <summary>The standard deviation, with divisor <see cref="Count"/>.</summary>
    public double Deviation => Math.Sqrt(_squares / Count);

    /// <summary>Median or most frequent number, once it was found.</summary>
    public double Fill { get; private set; }

    /// <summary>Codes of the texts that training rows have.</summary>
    public IEnumerable<int> UsedTexts => Enumerable.Range(0, _rowsOfText.Length).Where(code => _rowsOfText[code] > 0);

    /// <summary>Number of rows of a text.</summary>
    public int RowsOfText(int code) => _rowsOfText[code];

    /// <summary>Adds rows of a block to all statistics but the deviation.</summary>
    /// <param name="cells">Cells of the column in the block.</param>
    /// <param name="firstRow">First row of the block.</param>
    /// <param name="rows">Rows in the block.</param>
    public void Add(ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows)
    {
        if (Column.Kind == ColumnKind.Text)
        {
            AddTexts(cells, firstRow, rows);
            return;
        }

        double origin = Column.Origin;
        (double sum, double least, double most, int count) = (_sum, Minimum, Maximum, Count);
        foreach (int row in rows)
        {
            double value = origin + cells[row - firstRow];
            if (!double.IsNaN(value))
            {
                sum += value;
                count++;
                least = Math.Min(least, value);
                most = Math.Max(most, value);
            }
        }

        (_sum, Minimum, Maximum, Count) = (sum, least, most, count);
    }

    /// <summary>Adds rows of a block to the deviation; the mean must be known.</summary>
    /// <inheritdoc cref="Add"/>
    public void AddSquares(ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows)
    {
        if (Column.Kind == ColumnKind.Text || Count == 0)
        {
            return;
        }

        (double origin, double mean, double squares) = (Column.Origin, Mean, _squares);
        foreach (int row in rows)
        {
            double distance = origin + cells[row - firstRow] - mean;
            squares += double.IsNaN(distance) ? 0 : distance * distance;
        }

        _squares = squares;
    }

    /// <summary>Gathers the numbers of rows of a block for <see cref="FindFill"/>.</summary>
    /// <inheritdoc cref="Add"/>
    public void Gather(ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows)
    {
        if (_gathered.Length == 0)
        {
            _gathered = new float[Count];
        }

        foreach (int row in rows)
        {
            float cell = cells[row - firstRow];
            if (!float.IsNaN(cell))
            {
                _gathered[_gatheredCount++] = cell;
            }
        }
    }

    /// <summary>Finds the median or the most frequent of the gathered numbers, and releases them.</summary>
    public void FindFill(MissingKind kind)
    {
        Array.Sort(_gathered);
        Fill = kind == MissingKind.Median
            ? (NumberAt((_gathered.Length - 1) / 2) + NumberAt(_gathered.Length / 2)) / 2
            : MostFrequent();
        _gathered = [];
    }

    private double NumberAt(int index) => Column.Origin + _gathered[index];

    private double MostFrequent()
    {
        (double best, int bestCount, int count) = (NumberAt(0), 0, 0);
        for (int i = 0; i < _gathered.Length; i++)
        {
            count = i > 0 && NumberAt(i) == NumberAt(i - 1) ? count + 1 : 1;
            if (count > bestCount)
            {
                (best, bestCount) = (NumberAt(i), count);
            }
        }

        return best;
    }

    private void AddTexts(ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows)
    {
        if (_rowsOfText.Length == 0)
        {
            _rowsOfText = new int[Column.Texts.Count];
        }

        foreach (int row in rows)
        {
            float code = cells[row - firstRow];
            if (!float.IsNaN(code))
            {
                _rowsOfText[(int)code]++;
                Count++;
            }
        }
    }
}
