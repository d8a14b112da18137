namespace NnCluster.Data;

/// <summary>Opens the file of a table by its content; one class a format reads it.</summary>
internal static class TableFile
{
    /// <summary>Opens a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expectedNames">Names of columns that the rows are matched with; null: none are expected.</param>
    /// <exception cref="BadInputException">The file cannot be read, is empty, or has a format that is not known.</exception>
    public static TableSource Open(string path, IReadOnlyCollection<string>? expectedNames = null) => CsvTable.Open(path, expectedNames);
}
