using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// Fits a preparation to training rows. Sums are taken in double precision in the order of the rows, by one thread: the numbers depend
/// on the rows alone.
/// </summary>
/// <param name="options">How columns become features.</param>
/// <param name="path">The file, for messages.</param>
internal sealed class PreparationFitter(PreparationOptions options, string path)
{
    /// <summary>Most categories of a column.</summary>
    public const int MostCategories = 1000;

    // Most floats that one pass gathers for sorting, 128 MiB.
    private const long MostGathered = 1 << 25;

    // A column of this many different texts may have a different one in more than half of its rows.
    private const int FewCategories = 20;

    /// <summary>
    /// The columns, fitted to the training rows. The cells are read once, again for standard deviations, and again for medians or most frequent values.
    /// </summary>
    /// <exception cref="BadInputException">A column cannot be used.</exception>
    public ImmutableArray<InputColumn> Fit(Table table, int[] trainingRows)
    {
        ColumnStatistics[] statistics = [.. table.Columns.Select((column, index) => new ColumnStatistics(column, index))];
        ForEachBlock(table, trainingRows, statistics, static (of, cells, first, rows) => of.Add(cells, first, rows));
        if (options.Scaling == ScalingKind.Standard)
        {
            ForEachBlock(table, trainingRows, statistics, static (of, cells, first, rows) => of.AddSquares(cells, first, rows));
        }

        if (options.Missing is MissingKind.Median or MissingKind.MostFrequent)
        {
            FindFills(table, trainingRows, statistics);
        }

        return [.. statistics.Select(of => Fit(of, trainingRows.Length))];
    }

    private delegate void BlockVisitor(ColumnStatistics of, ReadOnlySpan<float> cells, int firstRow, ReadOnlySpan<int> rows);

    private static void ForEachBlock(Table table, int[] rows, ColumnStatistics[] columns, BlockVisitor visit)
    {
        CellBlocks cells = table.Cells;
        foreach ((int block, Range range) in RowsByBlock.Of(cells, rows))
        {
            ReadOnlySpan<float> content = cells.Read(block);
            foreach (ColumnStatistics of in columns)
            {
                visit(of, content.Slice(of.Index * cells.Stride, cells.BlockRows), block * cells.BlockRows, rows.AsSpan(range));
            }
        }
    }

    private void FindFills(Table table, int[] rows, ColumnStatistics[] statistics)
    {
        int atOnce = (int)Math.Max(1, MostGathered / Math.Max(1, rows.Length));
        foreach (ColumnStatistics[] some in statistics.Where(of => of.Column.Kind == ColumnKind.Number && of.Count > 0).Chunk(atOnce))
        {
            ForEachBlock(table, rows, some, static (of, cells, first, rows) => of.Gather(cells, first, rows));
            foreach (ColumnStatistics of in some)
            {
                of.FindFill(options.Missing);
            }
        }
    }

    private InputColumn Fit(ColumnStatistics of, int rows)
    {
        Column column = of.Column;
        if (options.Missing == MissingKind.Refuse && column.FirstMissing is { } place)
        {
            throw new BadInputException(
                $"{path}, {place}: {column.Name} has no value ({MissingValues.Names}); {column.Missing} of its rows have none. "
                + "Fill them with the mean, the median or the most frequent value, or leave the column out.");
        }

        return column.Kind == ColumnKind.Number ? FitNumbers(of) : FitCategories(of, rows);
    }

    private NumberColumn FitNumbers(ColumnStatistics of)
    {
        Column column = of.Column;
        if (of.Count == 0)
        {
            throw new BadInputException($"{path}: {column.Name} has no value in any training row; leave it out.");
        }

        var fitted = new NumberColumn(column.Name)
        {
            Origin = column.Origin,
            Fill = options.Missing switch { MissingKind.Refuse => null, MissingKind.Mean => of.Mean, _ => of.Fill },
        };
        return options.Scaling switch
        {
            ScalingKind.Standard => fitted with { Shift = of.Mean, Scale = Reciprocal(of.Deviation) },
            ScalingKind.MinMax => fitted with { Shift = of.Minimum, Scale = Reciprocal(of.Maximum - of.Minimum) },
            _ => fitted,
        };
    }

    // A column with one value becomes 0.
    private static double Reciprocal(double unit) => unit > 0 && double.IsFinite(1 / unit) ? 1 / unit : 1;

    private CategoryColumn FitCategories(ColumnStatistics of, int rows)
    {
        Column column = of.Column;
        if (options.Categories == CategoryKind.Refuse)
        {
            throw new BadInputException(
                $"{path}: {column.Name} is text, such as {Quoted.Text(column.Texts.Count > 0 ? column.Texts[0] : "")}; expected numbers.");
        }

        int[] used = [.. of.UsedTexts.OrderBy(code => column.Texts[code], StringComparer.Ordinal)];
        RequireFew(column, used.Length, rows);
        return new(column.Name, [.. used.Select(code => column.Texts[code])])
        {
            Fill = options.Missing == MissingKind.Refuse ? null : column.Texts[used.MaxBy(of.RowsOfText)],
        };
    }

    private void RequireFew(Column column, int categories, int rows)
    {
        if (categories == 0)
        {
            throw new BadInputException($"{path}: {column.Name} has no value in any training row; leave it out.");
        }

        if (categories > MostCategories || (categories > FewCategories && categories > rows / 2))
        {
            throw new BadInputException(
                $"{path}: {column.Name} has {categories} different texts in {rows} training rows, such as {Quoted.Text(column.Texts[0])}: "
                + $"too many for categories (at most {MostCategories}, and half the number of rows); leave the column out.");
        }
    }
}
