using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>A confusion matrix for people.</summary>
public static class ConfusionTable
{
    /// <summary>
    /// A row for each true class and a column for each predicted one, with every class's recall (of its rows, how many were
    /// found) at the right and precision (of the rows called so, how many were right) at the bottom.
    /// </summary>
    /// <param name="counts">[true class, predicted class].</param>
    /// <param name="classes">The names of the classes; null: their numbers.</param>
    /// <exception cref="ArgumentException">The matrix is not square, or the names are not as many as its classes.</exception>
    public static IRenderable Create(int[,] counts, IReadOnlyList<string>? classes = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        int size = counts.GetLength(0);
        if (size != counts.GetLength(1) || (classes is not null && classes.Count != size))
        {
            throw new ArgumentException($"A confusion matrix is square with a name for each class, not [{size}, {counts.GetLength(1)}] with {classes?.Count} names.", nameof(counts));
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

    /// <summary>Right answers green; mistakes red from one in a hundred of the class on; nothing for none.</summary>
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
