using System.IO.Compression;

namespace NnCluster.Data;

/// <summary>Opens the file of a table by its content, whatever its name; one class a format reads it.</summary>
internal static class TableFile
{
    /// <summary>Forms of a table, for messages.</summary>
    public const string Formats = "CSV or TSV (plain or with .gz), Parquet, .npy or .npz";

    /// <summary>Opens a table.</summary>
    /// <param name="path">The file; behind the path of an archive, the name of an array in it: <c>data.npz/x_test</c>.</param>
    /// <param name="header">Meaning of the first line of text.</param>
    /// <param name="expectedNames">
    /// Names of columns that the rows are matched with: a first line that holds all of them is one of names, whatever they look like.
    /// Null: none are expected.
    /// </param>
    /// <exception cref="BadInputException">The file cannot be read, is empty, or has a format that is not known.</exception>
    public static TableSource Open(string path, HeaderKind header = HeaderKind.Auto, IReadOnlyCollection<string>? expectedNames = null)
    {
        Stream? file = null;
        try
        {
            file = OpenSeekable(path);
            FileSignature signature = FileSignature.Of(file);
            return signature.Kind switch
            {
                FileKind.Text => CsvTable.Open(path, file, file, header, expectedNames),
                FileKind.Gzip => CsvTable.Open(path, file, Decompress(path, file), header, expectedNames),
                _ => throw signature.Refusal(path),
            };
        }
        catch (Exception failed)
        {
            file?.Dispose();
            throw Translate(path, failed);
        }
    }

    /// <summary>The error of a file that cannot be read; other exceptions as they are.</summary>
    public static Exception Translate(string path, Exception failed) => failed switch
    {
        InvalidDataException damaged => new BadInputException($"{path}: its gzip compression is damaged: {damaged.Message}", damaged),
        IOException or UnauthorizedAccessException => new BadInputException($"{path} cannot be read: {failed.Message}", failed),
        _ => failed,
    };

    /// <summary>Opens a file; a pipe is read into memory.</summary>
    private static Stream OpenSeekable(string path)
    {
        FileStream file = File.OpenRead(path);
        if (file.CanSeek)
        {
            return file;
        }

        using (file)
        {
            var memory = new MemoryStream();
            file.CopyTo(memory);
            memory.Position = 0;
            return memory;
        }
    }

    private static GZipStream Decompress(string path, Stream file)
    {
        byte[] start = new byte[FileSignature.Length];
        int length;
        using (var probe = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true))
        {
            length = probe.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }

        file.Position = 0;
        var signature = FileSignature.Of(start.AsSpan(0, length));
        return signature.Kind == FileKind.Text
            ? new(file, CompressionMode.Decompress)
            : throw new BadInputException($"{path} is compressed with gzip and holds {signature.Name}; only tables of text are read compressed: decompress it first.");
    }
}
