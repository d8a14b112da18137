using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>Lines that say what was decided about a table.</summary>
internal static class TableNotes
{
    /// <summary>The lines.</summary>
    /// <param name="table">The table.</param>
    /// <param name="options">Target, parts and preparation as given.</param>
    /// <param name="plan">Parts and preparation.</param>
    /// <param name="unknown">Texts of the validation rows, and of the test rows, that are no category, by column.</param>
    public static IEnumerable<string> Of(Table table, TableOptions options, TablePlan plan, params ReadOnlySpan<UnknownTexts[]> unknown) =>
    [
        .. OfHeader(table), OfParts(table, options, plan), .. OfTexts(table), .. table.Advice, .. OfClasses(plan.Preparation), .. OfFills(table, options),
        .. OfUnknown(table, [.. unknown]),
    ];

    private static string OfParts(Table table, TableOptions options, TablePlan plan)
    {
        SplitOptions splits = options.Splits;
        bool isClassification = table.Target.Task == ModelTask.Classification;
        string task = isClassification ? $"{plan.Preparation.Classes.Length} classes" : "a regression";
        string drawn = table.Groups is { } groups ? $"by groups of {groups.Name}"
            : splits.Stratify && isClassification ? "stratified" : "drawn";
        string Part(string name, string? file, int[] rows) => file is not null ? $"; {name} rows from {Path.GetFileName(file)}"
            : rows.Length > 0 ? $"; {name} {rows.Length} of {table.Rows} rows, {drawn}, seed {splits.Seed}"
            : "";
        string limited = splits.Limit < table.Rows ? $"; training limited to {plan.Train.Length} rows" : "";
        return $"target {table.Target.Name}, {task}{Part("test", options.TestFile, plan.Test)}"
            + $"{Part("validation", options.ValidationFile, plan.Validation)}{limited}";
    }

    private static IEnumerable<string> OfHeader(Table table) => table.HasNames || !table.HasLines
        ? []
        : [$"line 1 of {Path.GetFileName(table.Path)} is read as a row; the columns are called column 1, column 2, …"];

    private static IEnumerable<string> OfTexts(Table table)
    {
        string[] texts = [.. table.Columns.Where(column => column.Kind == ColumnKind.Text).Select(column => column.Name)];
        return texts.Length == 0 ? [] : [$"columns of text: {ColumnNames.List(texts)}"];
    }

    private static IEnumerable<string> OfClasses(Preparation preparation)
    {
        string[] absent = [.. preparation.Classes.Where((_, label) => preparation.ClassRows[label] == 0)];
        return absent.Length == 0 ? [] : [$"no training row has the class {ColumnNames.List(absent)}"];
    }

    private static IEnumerable<string> OfFills(Table table, TableOptions options)
    {
        string[] filled = [.. table.Columns.Where(column => column.Missing > 0).Select(column => $"{column.Name} ({column.Missing})")];
        if (filled.Length == 0)
        {
            yield break;
        }

        string with = options.Preparation.Missing switch
        {
            MissingKind.Mean => "the mean",
            MissingKind.Median => "the median",
            _ => "the most frequent value",
        };
        yield return $"missing values filled with {with}, in text with the most frequent value: {ColumnNames.List(filled)}";
    }

    private static IEnumerable<string> OfUnknown(Table table, ImmutableArray<UnknownTexts[]> unknown)
    {
        for (int i = 0; i < table.Columns.Length; i++)
        {
            UnknownTexts[] parts = [.. unknown.Select(part => part[i])];
            if (parts.Select(part => part.First).FirstOrDefault(text => text is not null) is { } first)
            {
                yield return $"{table.Columns[i].Name}: {parts.Sum(part => part.Rows)} validation and test rows have a text that is no "
                    + $"category of the training rows, such as {Quoted.Text(first)}; all features of the column are 0 there";
            }
        }
    }
}
