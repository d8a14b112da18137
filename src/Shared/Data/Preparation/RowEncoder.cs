using System.Buffers;

namespace NnCluster.Data;

/// <summary>Turns cells of a table into features.</summary>
internal sealed class RowEncoder
{
    // Features that are written in one go: they fit the processor's second-level cache.
    private const int FeaturesAtOnce = 1 << 17;

    private readonly Table _table;
    private readonly Preparation _preparation;
    private readonly int[]?[] _categories; // by column and text; -1: no category

    /// <summary>An encoder for the columns of a table.</summary>
    public RowEncoder(Table table, Preparation preparation)
    {
        _table = table;
        _preparation = preparation;
        Width = preparation.Features;
        _categories = [.. table.Columns.Zip(preparation.Columns, CategoriesOf)];
    }

    /// <summary>Number of features of a row.</summary>
    public int Width { get; }

    /// <summary>
    /// Encodes parts of the table and frees its cells on the way.
    /// </summary>
    /// <param name="parts">Rows of each part, ascending, and where their features go, (rows, <see cref="Width"/>).</param>
    /// <returns>Texts that are no category, of each part and column.</returns>
    public UnknownTexts[][] Encode(params (int[] Rows, IBufferWriter<float> Features)[] parts)
    {
        UnknownTexts[][] unknown = [.. parts.Select(_ => _table.Columns.Select(_ => new UnknownTexts()).ToArray())];
        IEnumerator<(int Block, Range Rows)>[] ranges = [.. parts.Select(part => RowsByBlock.Of(_table.Cells, part.Rows).GetEnumerator())];
        for (int block = 0; block < _table.Cells.Count; block++)
        {
            ReadOnlySpan<float> cells = _table.Cells.Read(block);
            for (int part = 0; part < parts.Length; part++)
            {
                ranges[part].MoveNext();
                ReadOnlySpan<int> rows = parts[part].Rows.AsSpan(ranges[part].Current.Rows);
                Encode(cells, block * _table.Cells.BlockRows, rows, parts[part].Features, unknown[part]);
            }

            _table.Cells.Release(block);
        }

        return unknown;
    }

    private static int[]? CategoriesOf(Column column, InputColumn prepared)
    {
        if (prepared is not CategoryColumn categories)
        {
            return null;
        }

        Dictionary<string, int> codes = categories.Categories.Index()
            .ToDictionary(item => item.Item, item => item.Index, StringComparer.Ordinal);
        return [.. Enumerable.Range(0, column.Texts.Count).Select(text => codes.GetValueOrDefault(column.Texts[text], -1))];
    }

    private void Encode(
        ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows, IBufferWriter<float> features, UnknownTexts[] unknown)
    {
        int rowsAtOnce = Math.Max(1, FeaturesAtOnce / Width);
        while (!rows.IsEmpty)
        {
            ReadOnlySpan<int> some = rows[..Math.Min(rows.Length, rowsAtOnce)];
            rows = rows[some.Length..];
            Span<float> destination = features.GetSpan(some.Length * Width)[..(some.Length * Width)];
            int offset = 0;
            for (int i = 0; i < _table.Columns.Length; i++)
            {
                ReadOnlySpan<float> column = cells.Slice(i * _table.Cells.Stride, _table.Cells.BlockRows);
                InputColumn prepared = _preparation.Columns[i];
                if (prepared is NumberColumn number)
                {
                    Encode(number, column, firstRow, some, destination[offset..]);
                }
                else
                {
                    Encode((CategoryColumn)prepared, i, column, firstRow, some, destination[offset..], unknown[i]);
                }

                offset += prepared.Features;
            }

            features.Advance(destination.Length);
        }
    }

    private void Encode(NumberColumn number, ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows, Span<float> features)
    {
        double origin = number.Origin;
        float missing = number.Encode(number.Fill ?? 0);
        for (int i = 0; i < rows.Length; i++)
        {
            double value = origin + cells[rows[i] - firstRow];
            features[i * Width] = double.IsNaN(value) ? missing : number.Encode(value);
        }
    }

    private void Encode(
        CategoryColumn prepared,
        int index,
        ReadOnlySpan<float> cells,
        int firstRow,
        ReadOnlySpan<int> rows,
        Span<float> features,
        UnknownTexts unknown)
    {
        int[] categories = _categories[index]!;
        int missing = prepared.Fill is { } fill ? prepared.Categories.IndexOf(fill) : -1;
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> row = features.Slice(i * Width, prepared.Features);
            row.Clear();
            float code = cells[rows[i] - firstRow];
            int category = float.IsNaN(code) ? missing : categories[(int)code];
            if (category >= 0)
            {
                row[category] = 1;
            }
            else if (!float.IsNaN(code))
            {
                unknown.Rows++;
                unknown.First ??= _table.Columns[index].Texts[(int)code];
            }
        }
    }
}

/// <summary>Texts of one column that are no category.</summary>
internal sealed class UnknownTexts
{
    /// <summary>Number of rows.</summary>
    public int Rows { get; set; }

    /// <summary>The first one; null if there is none.</summary>
    public string? First { get; set; }
}
