using System.IO.Compression;

namespace NnCluster.Data;

/// <summary>An IDX file of any type and at least two dimensions as a table: its flattened elements, and the labels of the file beside it.</summary>
internal static class IdxTable
{
    private const string TargetName = "label";
    private const string Features = "images-idx3-ubyte";
    private const string Labels = "labels-idx1-ubyte";

    /// <summary>Opens a file of features with its labels, if they are beside it under the name that MNIST has for them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">The file without its compression; disposed with the table.</param>
    /// <exception cref="BadInputException">A file is damaged, or they do not fit each other.</exception>
    public static TableSource Open(string path, Stream content)
    {
        var features = NpyRows.OpenIdx(path, content);
        if (features.Header.Shape.Length < 2)
        {
            throw new BadInputException(
                $"{path} is an IDX file of one dimension; expected at least two, rows and their features, or the directory with the four files.");
        }

        if (LabelsOf(path) is not { } labelsPath)
        {
            return new NpyTable(path, [features]);
        }

        var labels = NpyRows.OpenIdx(labelsPath, OpenPlain(labelsPath));
        return labels.Header.Shape.Length != 1 || labels.FieldOf(0).Kind == 'f'
            ? throw new BadInputException($"{labelsPath} is {labels.Header}; expected labels, integers of one dimension.")
            : labels.Rows != features.Rows
            ? throw new BadInputException($"{labelsPath} has {labels.Rows} labels; expected {features.Rows}, one for each row of {path}.")
            : new NpyTable(path, [features, labels], TargetName);
    }

    /// <summary>The first dimensions and the type of a file: its header.</summary>
    /// <exception cref="BadInputException">The file is no IDX file.</exception>
    public static NpyHeader HeaderOf(string path)
    {
        using NpyRows rows = NpyRows.OpenIdx(path, OpenPlain(path));
        return rows.Header;
    }

    private static string? LabelsOf(string path)
    {
        int at = path.LastIndexOf(Features, StringComparison.Ordinal);
        string? plain = at < 0 ? null : path[..at] + Labels;
        return plain is null ? null : File.Exists(plain) ? plain : File.Exists(plain + ".gz") ? plain + ".gz" : null;
    }

    private static Stream OpenPlain(string path)
    {
        FileStream? file = null;
        try
        {
            file = File.OpenRead(path);
            return FileSignature.Of(file).Kind == FileKind.Gzip ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception failed)
        {
            file?.Dispose();
            throw TableFile.Translate(path, failed);
        }
    }
}
