using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>Confusion matrix as a table for a console.</summary>
public static class ConfusionTable
{
    /// <summary>
    /// Creates a table with a row for each true class and a column for each predicted class. The last column is the recall of
    /// the true class; the last row is the precision of the predicted class.
    /// </summary>
    /// <param name="counts">Numbers of rows, (true classes, predicted classes).</param>
    /// <param name="classes">Names of the classes; null: their numbers.</param>
    /// <exception cref="ArgumentException">The matrix is not square, or the number of names is not that of its classes.</exception>
    public static IRenderable Create(int[,] counts, IReadOnlyList<string>? classes = null)
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

        string Name(int index) => Markup.Escape(classes?[index] ?? FormattableString.Invariant($"{index}"));
        Table table = new Table().Border(TableBorder.Simple).AddColumn("true \\ predicted");
        foreach (int predicted in Enumerable.Range(0, size))
        {
            table.AddColumn(new TableColumn(Name(predicted)).RightAligned());
        }

        table.AddColumn(new TableColumn("recall").RightAligned());
        foreach (int actual in Enumerable.Range(0, size))
        {
            long total = Enumerable.Range(0, size).Sum(predicted => (long)counts[actual, predicted]);
            table.AddRow(
            [
                Name(actual),
                .. Enumerable.Range(0, size).Select(predicted => Cell(counts[actual, predicted], total, actual == predicted)),
                Share(counts[actual, actual], total),
            ]);
        }

        table.AddRow(
        [
            "precision",
            .. Enumerable.Range(0, size).Select(predicted =>
                Share(counts[predicted, predicted], Enumerable.Range(0, size).Sum(actual => (long)counts[actual, predicted]))),
            string.Empty,
        ]);
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
