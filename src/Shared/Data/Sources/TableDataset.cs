using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// A data set from a table: the rows are divided into training, validation and test rows, the preparation is fitted to the training rows,
/// and all rows become features by it.
/// </summary>
public static class TableDataset
{
    /// <summary>Reads a data set, named after the file.</summary>
    /// <param name="path">A CSV or TSV file, plain or compressed with gzip, a Parquet file, or NumPy's .npy or .npz, whatever its name.</param>
    /// <param name="options">Target, task, splits and preparation.</param>
    /// <exception cref="BadInputException">
    /// The file cannot be read or used; the message names the line and the column.
    /// </exception>
    public static Dataset Read(string path, TableOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new();
        using (NpzDataset? archive = NpzDataset.TryOpen(path))
        {
            if (archive is { HoldsImages: true })
            {
                return archive.ReadImages(options);
            }

            (path, options) = archive?.TableOf(options) ?? (path, options);
        }

        using TableSource source = TableFile.Open(path, options.Header);
        using Table table = TableReader.Read(source, options, columns => new CellsInMemory(columns));
        return new TableDatasetBuilder(table, options).Build();
    }

    extension(Dataset)
    {
        /// <inheritdoc cref="Read"/>
        public static Dataset FromTable(string path, TableOptions? options = null) => Read(path, options);
    }

    /// <summary>All rows of a table with a target, as test rows of a data set that fits a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="preparation">The model's preparation: columns and classes are matched by name.</param>
    /// <exception cref="BadInputException">The file cannot be read or used; the message names the place and the column.</exception>
    public static Dataset ReadWith(string path, Preparation preparation)
    {
        ArgumentNullException.ThrowIfNull(preparation);
        (DataSplit rows, ImmutableArray<string> notes) = ReadRows(path, preparation);
        return new(
            Path.GetFileName(path), rows.Slice(0, 0), rows, preparation.Classes.Length, preparation.Task == ModelTask.Regression ? 1 : 0,
            preparation.Classes.IsEmpty ? default : preparation.Classes)
        {
            Preparation = preparation,
            Notes = notes,
        };
    }

    /// <summary>All rows of a table as a model's preparation makes them, in memory.</summary>
    internal static (DataSplit Rows, ImmutableArray<string> Notes) ReadRows(string path, Preparation preparation)
    {
        var features = new GrowingFloats(path);
        (int[] labels, float[] targets, ImmutableArray<string> notes) = PreparedRows.ReadAll(path, preparation, features);
        FeatureMatrix matrix = FeatureMatrix.FromFloats(features.Written, preparation.Features);
        return (
            preparation.Task == ModelTask.Classification
                ? DataSplit.Classification(matrix, labels)
                : DataSplit.Regression(matrix, targets, 1),
            notes);
    }
}
