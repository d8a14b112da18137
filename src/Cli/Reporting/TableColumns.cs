using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Data;

namespace NnCluster.Cli.Reporting;

/// <summary>The columns of a table as text and as JSON.</summary>
internal static class TableColumns
{
    private const int MostValues = 8;

    /// <summary>A line for the table, and one for each column.</summary>
    public static IEnumerable<string> Lines(TableDescription table)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture, $"{Path.GetFileName(table.Path)}: {table.Rows:N0} rows, {table.Columns.Length} columns");
        string[][] cells =
        [
            ["", "column", "kind", "missing", "values"],
            .. table.Columns.Select((column, index) => new[]
            {
                $"{index + 1}", Quoted.Plain(column.Name), KindOf(column), column.Missing.ToString("N0", CultureInfo.InvariantCulture), Values(column),
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, 4).Select(cell => cells.Max(line => line[cell].Length))];
        foreach (string[] line in cells)
        {
            yield return $"  {line[0].PadLeft(widths[0])}  {line[1].PadRight(widths[1])}  {line[2].PadRight(widths[2])}  {line[3].PadLeft(widths[3])}  {line[4]}";
        }

        foreach (ColumnDescription column in table.Columns.Where(column => column.Advice is not null))
        {
            yield return $"{Quoted.Plain(column.Name)}: {column.Advice}";
        }
    }

    /// <summary>The columns as JSON: name, kind, missing, minimum, maximum and mean of numbers, values with their rows, advice.</summary>
    public static JsonArray ToJson(TableDescription table) => new([.. table.Columns.Select(column =>
    {
        var json = new JsonObject { ["name"] = column.Name, ["kind"] = KindOf(column), ["missing"] = column.Missing };
        if (column.Numbers > 0)
        {
            json["minimum"] = column.Minimum;
            json["maximum"] = column.Maximum;
            json["mean"] = column.Mean;
        }

        json["values"] = column.Values is { } values
            ? new JsonArray([.. values.Select(value => new JsonObject { ["value"] = value.Text, ["rows"] = value.Rows })])
            : null;
        json["advice"] = column.Advice;
        return json;
    })]);

    private static string KindOf(ColumnDescription column) => column.Kind == ColumnKind.Text ? "text" : "number";

    private static string Values(ColumnDescription column)
    {
        if (column.Kind == ColumnKind.Number && column.Numbers > 0)
        {
            string texts = column.Texts > 0 ? string.Create(CultureInfo.InvariantCulture, $", and {column.Texts:N0} texts") : "";
            return string.Create(CultureInfo.InvariantCulture, $"{column.Minimum:R} to {column.Maximum:R}, mean {column.Mean:G6}{texts}");
        }

        if (column.Values is not { } values)
        {
            return $"more than {ColumnCounter.MostValues} different";
        }

        string listed = string.Join(
            ", ", values.Take(MostValues).Select(value => string.Create(CultureInfo.InvariantCulture, $"{Quoted.Plain(value.Text)} {value.Rows:N0}")));
        return values.Length > MostValues ? $"{values.Length} different: {listed}, …" : listed;
    }
}
