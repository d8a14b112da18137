using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>Confusion matrix as a table for a console.</summary>
public static class ConfusionTable
{
    private const int Margins = 3;

    /// <summary>
    /// Creates a table with a row for each true class and a column for each predicted class. The last column is the recall of
    /// the true class; the last row is the precision of the predicted class. A table wider than the screen is divided by columns
    /// into several.
    /// </summary>
    /// <param name="counts">Numbers of rows, (true classes, predicted classes).</param>
    /// <param name="classes">Names of the classes; null: their numbers.</param>
    /// <param name="width">Columns of the screen; null: no limit.</param>
    /// <exception cref="ArgumentException">The matrix is not square, or the number of names is not that of its classes.</exception>
    public static IRenderable Create(int[,] counts, IReadOnlyList<string>? classes = null, int? width = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        int size = counts.GetLength(0);
        if (size != counts.GetLength(1) || (classes is not null && classes.Count != size))
        {
            throw new ArgumentException(
                $"The confusion matrix is {size} × {counts.GetLength(1)} with {classes?.Count} names; "
                + "expected a square matrix with a name for each class.",
                nameof(counts));
        }

        string[] names = [.. Enumerable.Range(0, size).Select(index => Markup.Escape(classes?[index] ?? FormattableString.Invariant($"{index}")))];
        long[] totals = [.. Enumerable.Range(0, size).Select(actual => Enumerable.Range(0, size).Sum(predicted => (long)counts[actual, predicted]))];
        string[] labels = ["true \\ predicted", .. names, "precision"];
        IEnumerable<string[]> predictedColumns = Enumerable.Range(0, size).Select(predicted => (string[])
        [
            names[predicted],
            .. Enumerable.Range(0, size).Select(actual => Cell(counts[actual, predicted], totals[actual], actual == predicted)),
            Share(counts[predicted, predicted], Enumerable.Range(0, size).Sum(actual => (long)counts[actual, predicted])),
        ]);
        string[] recall = ["recall", .. Enumerable.Range(0, size).Select(actual => Share(counts[actual, actual], totals[actual])), ""];
        return new Rows(Bands([.. predictedColumns, recall], width - WidthOf(labels)).Select(band => TableOf([labels, .. band])));
    }

    /// <summary>Divides columns into groups of consecutive ones that fit into a width, each of at least one.</summary>
    private static List<List<string[]>> Bands(IEnumerable<string[]> columns, int? width)
    {
        List<List<string[]>> bands = [[]];
        int used = 0;
        foreach (string[] column in columns)
        {
            int needed = WidthOf(column);
            if (used + needed > width && bands[^1].Count > 0)
            {
                bands.Add([]);
                used = 0;
            }

            bands[^1].Add(column);
            used += needed;
        }

        return bands;
    }

    /// <summary>Columns of the screen that a column of the table takes, with its margins.</summary>
    private static int WidthOf(string[] column) => column.Max(cell => Markup.Remove(cell).GetCellWidth()) + Margins;

    private static Table TableOf(string[][] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string[] column in columns)
        {
            var added = new TableColumn(column[0]) { NoWrap = true };
            table.AddColumn(column == columns[0] ? added : added.RightAligned());
        }

        foreach (int row in Enumerable.Range(1, columns[0].Length - 1))
        {
            table.AddRow([.. columns.Select(column => column[row])]);
        }

        return table;
    }

    /// <summary>Formats a count: correct predictions green, errors of at least 1 % of the class red, and a dot for 0.</summary>
    private static string Cell(int count, long total, bool right) => (count, right) switch
    {
        (_, true) => FormattableString.Invariant($"[green]{count}[/]"),
        (0, _) => "[grey].[/]",
        _ when 100L * count >= total => FormattableString.Invariant($"[red]{count}[/]"),
        _ => FormattableString.Invariant($"{count}"),
    };

    private static string Share(long part, long whole) =>
        whole == 0 ? "-" : FormattableString.Invariant($"{100.0 * part / whole:F1} %");
}
