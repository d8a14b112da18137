namespace NnCluster.Data;

/// <summary>
/// A directory with the four IDX files of a set whose features are no grey images of unsigned bytes: they are prepared as the columns of a
/// table.
/// </summary>
internal static class IdxFeatures
{
    /// <summary>Whether a directory with the four files holds such a set.</summary>
    /// <exception cref="BadInputException">A file is no IDX file.</exception>
    public static bool AreIn(string directory)
    {
        NpyHeader features = IdxTable.HeaderOf(IdxDirectory.Find(directory, KnownDatasets.FileNames[0])!);
        return features.Shape.Length >= 2 && (features.Shape.Length != 3 || features.Fields[0] is not { Kind: 'u', Size: 1 });
    }

    /// <summary>Reads the set.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">Task, splits and preparation.</param>
    /// <exception cref="BadInputException">A file is damaged, or the files do not fit each other.</exception>
    public static Dataset Read(string directory, TableOptions options)
    {
        string Path(int file) => IdxDirectory.Find(directory, KnownDatasets.FileNames[file])!;
        Dataset set = TableDataset.Read(Path(0), options with { TestFile = options.TestFile ?? Path(2) });
        return set.WithName(System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(directory))));
    }
}
