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

    // A column of this many different texts may have a different one in more than half of its rows.
    private const int FewCategories = 20;

    /// <summary>The column, fitted to the training rows.</summary>
    /// <exception cref="BadInputException">The column cannot be used.</exception>
    public InputColumn Fit(Column column, ReadOnlySpan<int> trainingRows)
    {
        if (options.Missing == MissingKind.Refuse && column.FirstMissing is { } place)
        {
            throw new BadInputException(
                $"{path}, {place}: {column.Name} is missing ({MissingValues.Names}), as are {column.Missing} of its values; "
                + "fill them with the mean, the median or the most frequent value, or leave the column out.");
        }

        return column.Kind == ColumnKind.Number ? FitNumbers(column, trainingRows) : FitCategories(column, trainingRows);
    }

    private NumberColumn FitNumbers(Column column, ReadOnlySpan<int> rows)
    {
        (double sum, int count) = (0, 0);
        (double least, double most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (int row in rows)
        {
            double value = column[row];
            if (!double.IsNaN(value))
            {
                sum += value;
                count++;
                least = Math.Min(least, value);
                most = Math.Max(most, value);
            }
        }

        if (count == 0)
        {
            throw new BadInputException($"{path}: {column.Name} has no value in any training row; leave it out.");
        }

        double mean = sum / count;
        double? fill = options.Missing == MissingKind.Refuse ? null : FillOf(column, rows, mean);
        var fitted = new NumberColumn(column.Name) { Origin = column.Origin, Fill = fill };
        return options.Scaling switch
        {
            ScalingKind.Standard => fitted with { Shift = mean, Scale = Reciprocal(Deviation(column, rows, mean, count)) },
            ScalingKind.MinMax => fitted with { Shift = least, Scale = Reciprocal(most - least) },
            _ => fitted,
        };
    }

    // A column with one value becomes 0.
    private static double Reciprocal(double unit) => unit > 0 && double.IsFinite(1 / unit) ? 1 / unit : 1;

    private static double Deviation(Column column, ReadOnlySpan<int> rows, double mean, int count)
    {
        double squares = 0;
        foreach (int row in rows)
        {
            double distance = column[row] - mean;
            squares += double.IsNaN(distance) ? 0 : distance * distance;
        }

        return Math.Sqrt(squares / count);
    }

    private double FillOf(Column column, ReadOnlySpan<int> rows, double mean)
    {
        if (options.Missing == MissingKind.Mean)
        {
            return mean;
        }

        double[] values = Present(column, rows);
        Array.Sort(values);
        return options.Missing == MissingKind.Median
            ? (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2
            : MostFrequent(values);
    }

    private static double[] Present(Column column, ReadOnlySpan<int> rows)
    {
        List<double> values = new(rows.Length);
        foreach (int row in rows)
        {
            if (!double.IsNaN(column[row]))
            {
                values.Add(column[row]);
            }
        }

        return [.. values];
    }

    private static double MostFrequent(ReadOnlySpan<double> sorted)
    {
        (double best, int bestCount, int count) = (sorted[0], 0, 0);
        for (int i = 0; i < sorted.Length; i++)
        {
            count = i > 0 && sorted[i] == sorted[i - 1] ? count + 1 : 1;
            if (count > bestCount)
            {
                (best, bestCount) = (sorted[i], count);
            }
        }

        return best;
    }

    private CategoryColumn FitCategories(Column column, ReadOnlySpan<int> rows)
    {
        if (options.Categories == CategoryKind.Refuse)
        {
            throw new BadInputException(
                $"{path}: {column.Name} is text, such as {Quoted.Text(column.Texts is [{ } first, ..] ? first : "")}; expected numbers.");
        }

        int[] counts = new int[column.Texts.Count];
        foreach (int row in rows)
        {
            if (!double.IsNaN(column[row]))
            {
                counts[(int)column[row]]++;
            }
        }

        int[] used = [.. Enumerable.Range(0, counts.Length).Where(code => counts[code] > 0).OrderBy(code => column.Texts[code], StringComparer.Ordinal)];
        RequireFew(column, used.Length, rows.Length);
        int mostFrequent = used.MaxBy(code => counts[code]);
        return new(column.Name, [.. used.Select(code => column.Texts[code])])
        {
            Fill = options.Missing == MissingKind.Refuse ? null : column.Texts[mostFrequent],
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
