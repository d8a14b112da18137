using System.Globalization;

namespace NnCluster.Cli.Options;

/// <summary>Rows of a part of a data set: a share below 1, a number of rows, or a file.</summary>
/// <param name="Rows">Share below 1, or number of rows; unused with a file.</param>
/// <param name="File">The file; null: rows are drawn.</param>
internal sealed record RowsOrFile(double Rows, string? File)
{
    /// <summary>Reads a number or the name of a file.</summary>
    /// <returns>Null if the text is empty, or a number that is no number of rows.</returns>
    public static RowsOrFile? Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double rows))
        {
            bool isShare = rows is >= 0 and < 1;
            return isShare || (rows == Math.Floor(rows) && rows is >= 1 and <= int.MaxValue) ? new(rows, null) : null;
        }

        return string.IsNullOrWhiteSpace(text) ? null : new(0, text);
    }
}
