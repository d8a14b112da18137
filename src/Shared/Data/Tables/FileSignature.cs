using System.IO.Compression;
using System.Text;

namespace NnCluster.Data;

/// <summary>Recognises the format of a file by its first bytes, and of a ZIP archive by the names of its entries.</summary>
/// <param name="Kind">The format.</param>
/// <param name="Name">Name of the format with its article, for messages.</param>
/// <param name="Remedy">How to make a table of it that can be read.</param>
internal sealed record FileSignature(FileKind Kind, string Name, string Remedy)
{
    /// <summary>First bytes that are needed.</summary>
    public const int Length = 512;

    private const string SaveAsCsv = "save the sheet as CSV";
    private const string SaveAsUtf8 = "save the table as UTF-8";
    private const string ExportTable = "export the table as CSV or Parquet";
    private const string Decompress = "decompress it first, or compress it with gzip";
    private const string GiveDirectory = "give a directory that has one directory of images for each class";

    private static readonly FileSignature PlainText = new(FileKind.Text, "text", "");

    private static readonly (byte[] Magic, FileSignature Signature)[] Magics =
    [
        ([.. "PAR1"u8], new(FileKind.Parquet, "a Parquet file", "")),
        ([.. "PARE"u8], new(FileKind.Other, "an encrypted Parquet file", "write it without encryption")),
        ([0x93, .. "NUMPY"u8], new(FileKind.Npy, "a NumPy array", "")),
        ([0x1f, 0x8b], new(FileKind.Gzip, "compressed with gzip", "")),
        ([0x89, .. "PNG\r\n"u8, 0x1a, (byte)'\n'], new(FileKind.Image, "a PNG image", GiveDirectory)),
        ([0xff, 0xd8, 0xff], new(FileKind.Image, "a JPEG image", GiveDirectory)),
        ([.. "GIF87a"u8], new(FileKind.Image, "a GIF image", GiveDirectory)),
        ([.. "GIF89a"u8], new(FileKind.Image, "a GIF image", GiveDirectory)),
        ([.. "SQLite format 3\0"u8], new(FileKind.Other, "an SQLite database", ExportTable)),
        ([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], new(FileKind.Other, "an Excel workbook of the old format", SaveAsCsv)),
        ([0xff, 0xfe], new(FileKind.Other, "text in UTF-16", SaveAsUtf8)),
        ([0xfe, 0xff], new(FileKind.Other, "text in UTF-16", SaveAsUtf8)),
        ([.. "%PDF-"u8], new(FileKind.Other, "a PDF document", ExportTable)),
        ([.. "ARROW1"u8], new(FileKind.Other, "an Arrow or Feather file", ExportTable)),
        ([.. "FEA1"u8], new(FileKind.Other, "a Feather file", ExportTable)),
        ([0x89, .. "HDF\r\n"u8], new(FileKind.Other, "an HDF5 file", "save its arrays with numpy.savez")),
        ([.. "MATLAB 5.0 MAT-file"u8], new(FileKind.Other, "a MATLAB file", "save its arrays with numpy.savez")),
        ([.. "ORC"u8, 0x0a], new(FileKind.Other, "an ORC file", ExportTable)),
        ([.. "Obj\u0001"u8], new(FileKind.Other, "an Avro file", ExportTable)),
        ([0x80, 0x02], Pickle), ([0x80, 0x03], Pickle), ([0x80, 0x04], Pickle), ([0x80, 0x05], Pickle),
        ([0x28, 0xb5, 0x2f, 0xfd], new(FileKind.Other, "compressed with zstd", Decompress)),
        ([.. "BZh"u8, (byte)'9', 0x31, 0x41], new(FileKind.Other, "compressed with bzip2", Decompress)),
        ([0xfd, .. "7zXZ\0"u8], new(FileKind.Other, "compressed with xz", Decompress)),
        ([.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c], new(FileKind.Other, "a 7-Zip archive", Decompress)),
    ];

    private static FileSignature Pickle => new(FileKind.Other, "a Python pickle", "save its table as CSV, its arrays with numpy.savez");

    /// <summary>The error for a format that cannot be read as a table.</summary>
    /// <param name="path">The file.</param>
    public BadInputException Refusal(string path) => new($"{path} is {Name}; {Remedy}.");

    /// <summary>Recognises a file.</summary>
    /// <param name="file">The file, seekable, at its start, where it is again afterwards.</param>
    public static FileSignature Of(Stream file)
    {
        byte[] start = new byte[Length];
        int length = file.ReadAtLeast(start, Length, throwOnEndOfStream: false);
        file.Position = 0;
        FileSignature found = Of(start.AsSpan(0, length));
        return found.Kind == FileKind.Npz ? OfArchive(file) : found;
    }

    /// <summary>Recognises a file.</summary>
    /// <exception cref="BadInputException">It cannot be read.</exception>
    public static FileSignature Of(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Of(file);
        }
        catch (Exception failed)
        {
            throw TableFile.Translate(path, failed);
        }
    }

    /// <summary>Recognises a file by its first bytes; a ZIP archive counts as one of arrays.</summary>
    public static FileSignature Of(ReadOnlySpan<byte> start)
    {
        foreach ((byte[] magic, FileSignature signature) in Magics)
        {
            if (start.StartsWith(magic))
            {
                return signature;
            }
        }

        return start switch
        {
            _ when start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("PK\u0005\u0006"u8) => new(FileKind.Npz, "a ZIP archive", Decompress),
            [0, 0, 0x08 or 0x09 or (>= 0x0b and <= 0x0e), > 0 and < 32, ..] =>
                new(FileKind.Idx, "an IDX file", "give the directory with the four files of images and labels"),
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] =>
                new(FileKind.Image, "a WebP image", GiveDirectory),
            [(byte)'B', (byte)'M', _, _, _, _, 0, 0, 0, 0, ..] => new(FileKind.Image, "a BMP image", GiveDirectory),
            _ when start.Contains((byte)0) => new(FileKind.Other, "no text: it has NUL bytes, as binary files and text in UTF-16 have", SaveAsUtf8),
            _ => OfText(start),
        };
    }

    private static FileSignature OfText(ReadOnlySpan<byte> start)
    {
        string text = Encoding.Latin1.GetString(start.StartsWith("\ufeff"u8) ? start[3..] : start).TrimStart();
        bool Starts(string with) => text.StartsWith(with, StringComparison.OrdinalIgnoreCase);
        string compact = string.Concat(text.Where(c => !char.IsWhiteSpace(c)).Take(2));
        return Starts("<!doctype html") || Starts("<html") ? new(FileKind.Other, "a page of HTML", "fetch the file itself, or export the table as CSV")
            : Starts("<?xml") ? new(FileKind.Other, "an XML document", ExportTable)
            : compact is "{\"" or "[{" or "[[" or "[\"" ? new(FileKind.Other, "JSON", ExportTable)
            : PlainText;
    }

    private static FileSignature OfArchive(Stream file)
    {
        try
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            return archive.Entries.Any(entry => entry.FullName.EndsWith(".npy", StringComparison.Ordinal))
                ? new(FileKind.Npz, "a NumPy archive", "")
                : archive.Entries.Any(entry => entry.FullName.StartsWith("xl/", StringComparison.Ordinal))
                ? new(FileKind.Other, "an Excel workbook", SaveAsCsv)
                : archive.Entries.Any(entry => entry.FullName == "content.xml")
                ? new(FileKind.Other, "an OpenDocument file", SaveAsCsv)
                : new(FileKind.Other, "a ZIP archive without arrays", Decompress);
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException or ArgumentException or NotSupportedException or OverflowException)
        {
            return new(FileKind.Other, "a ZIP archive that is damaged or cut short", "copy or write it again");
        }
        finally
        {
            file.Position = 0;
        }
    }
}
