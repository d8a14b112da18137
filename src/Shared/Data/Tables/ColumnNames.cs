using System.Collections.Immutable;
using System.Globalization;

namespace NnCluster.Data;

/// <summary>Finds the columns of a table by name or number.</summary>
internal static class ColumnNames
{
    private const int MostListed = 12;

    /// <summary>Index of a column; a name takes precedence over a number.</summary>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="column">Name, or number from 1.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="BadInputException">There is none, or several have the name.</exception>
    public static int IndexOf(ImmutableArray<string> columns, string column, string path)
    {
        int index = columns.IndexOf(column);
        if (index >= 0)
        {
            return columns.LastIndexOf(column) == index ? index : throw new BadInputException(
                $"{path}: columns {index + 1} and {columns.LastIndexOf(column) + 1} are both named {column}; name the column by its number.");
        }

        return int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= columns.Length
            ? number - 1
            : throw new BadInputException($"{path} has no column {Quoted.Text(column)}; it has {List(columns)}.");
    }

    /// <summary>A name on one line: control characters, such as the line breaks of a spreadsheet's header, become spaces.</summary>
    public static string OnOneLine(ReadOnlySpan<char> name)
    {
        string text = name.ToString();
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
    }

    /// <summary>The names, for messages.</summary>
    public static string List(IReadOnlyCollection<string> columns) => columns.Count > MostListed
        ? $"{string.Join(", ", columns.Take(MostListed))} and {columns.Count - MostListed} more"
        : string.Join(", ", columns);
}
