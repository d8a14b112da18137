using System.IO.Compression;

namespace NnCluster.Data;

/// <summary>Opens the file of a table by its content, whatever its name; one class a format reads it.</summary>
internal static class TableFile
{
    /// <summary>Forms of a table, for messages.</summary>
    public const string Formats = "CSV or TSV (plain or with .gz), Parquet, .npy or .npz";

    // Without it, a gzip file that was cut off would be read as a shorter table.
    static TableFile() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>Whether a path names a file, or an array in a file (<c>data.npz/x_test</c>).</summary>
    public static bool Exists(string path) => File.Exists(path) || NameInArchive(path) is not null;

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
        string? array = NameInArchive(path);
        try
        {
            if (Directory.Exists(path))
            {
                throw new BadInputException($"{path} is a directory; expected a table, such as a .csv or .parquet file.");
            }

            (file, FileSignature signature) = OpenFile(array is null ? path : Path.GetDirectoryName(path)!);
            return signature.Kind switch
            {
                FileKind.Text when array is null => CsvTable.Open(path, file, file, header, expectedNames),
                FileKind.Gzip when array is null => Decompress(path, file) is var (content, kind) && kind == FileKind.Idx
                    ? IdxTable.Open(path, content)
                    : CsvTable.Open(path, file, content, header, expectedNames),
                FileKind.Npz => OpenArchive(path, file, array),
                _ when array is not null => throw new FileNotFoundException($"Could not find file '{path}'."),
                FileKind.Parquet => ParquetTable.Open(path, file),
                FileKind.Idx => IdxTable.Open(path, file),
                FileKind.Npy => NpyTable.Open(path, file),
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

    /// <summary>Last segment of a path whose directory is a file: the name of an array in an archive; null otherwise.</summary>
    private static string? NameInArchive(string path) =>
        !File.Exists(path) && Path.GetDirectoryName(path) is { Length: > 0 } archive && File.Exists(archive) ? Path.GetFileName(path) : null;

    /// <summary>
    /// An array of an archive, with its target if it has one. Without a name: the test rows, else the training rows, else the only array.
    /// The table of the training rows has the path of the archive.
    /// </summary>
    private static TableSource OpenArchive(string path, Stream file, string? array)
    {
        string archivePath = array is null ? path : Path.GetDirectoryName(path)!;
        var archive = NpzFile.Open(archivePath, file);
        NpzPart? part = array is null
            ? archive.Test ?? archive.Train
            : new[] { archive.Train, archive.Test, archive.Validation }
                .FirstOrDefault(part => string.Equals(part?.Features, array, StringComparison.OrdinalIgnoreCase));
        return part is null ? (array is null ? archive.OpenOnly() : archive.OpenArray(array))
            : archive.OpenTable(part, part == archive.Train ? archivePath : $"{archivePath}/{part.Features}");
    }

    /// <summary>Opens a file and recognises its format. A pipe of text is read as it comes, one of another format into memory.</summary>
    private static (Stream File, FileSignature Signature) OpenFile(string path)
    {
        FileStream file = File.OpenRead(path);
        if (file.CanSeek)
        {
            return (file, FileSignature.Of(file));
        }

        (Stream replayed, FileSignature signature) = Replayed(file);
        if (signature.Kind is FileKind.Text or FileKind.Gzip)
        {
            return (replayed, signature);
        }

        using (replayed)
        {
            var memory = new MemoryStream();
            replayed.CopyTo(memory);
            memory.Position = 0;
            return (memory, FileSignature.Of(memory));
        }
    }

    /// <summary>Recognises the format of a stream by its first bytes, and returns a stream that has them still.</summary>
    private static (Stream Content, FileSignature Signature) Replayed(Stream stream)
    {
        byte[] start = new byte[FileSignature.Length];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return (new ReplayedStream(start.AsMemory(0, length), stream), FileSignature.Of(start.AsSpan(0, length)));
    }

    private static (Stream Content, FileKind Kind) Decompress(string path, Stream file)
    {
        (Stream content, FileSignature signature) = Replayed(new GZipStream(file, CompressionMode.Decompress));
        return signature.Kind is FileKind.Text or FileKind.Idx
            ? (content, signature.Kind)
            : throw new BadInputException($"{path} is compressed with gzip and holds {signature.Name}; decompress it first.");
    }
}
