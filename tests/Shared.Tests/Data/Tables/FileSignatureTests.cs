using System.IO.Compression;
using System.Text;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

public sealed class FileSignatureTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<byte[], string> Refused => new()
    {
        { [0x89, .. "PNG\r\n"u8, 0x1a, 0x0a, 0, 0], "is a PNG image; give a directory that has one directory of images for each class" },
        { [0xff, 0xd8, 0xff, 0xe0], "is a JPEG image; give a directory that has one directory of images for each class" },
        { [.. "SQLite format 3\0"u8], "is an SQLite database; export the table as CSV or Parquet" },
        { [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "is an Excel workbook of the old format; save the sheet as CSV" },
        { [0xff, 0xfe, .. Encoding.Unicode.GetBytes("a,b\n1,2\n")], "is text in UTF-16; save the table as UTF-8" },
        { Encoding.Unicode.GetBytes("a,b\n1,2\n"), "NUL bytes" },
        { [.. "<!DOCTYPE html><html>"u8], "is a page of HTML" },
        { [.. " <HTML><body>"u8], "is a page of HTML" },
        { [.. "{ \"a\": 1 }"u8], "is JSON; export the table" },
        { [.. "[\n  {\"a\": 1}]"u8], "is JSON; export the table" },
        { [.. "<?xml version=\"1.0\"?>"u8], "is an XML document" },
        { [0, 0, 8, 3, 0, 0, 0, 1], "is an IDX file that cannot be read: it ends within its header" },
        { [.. "%PDF-1.7"u8], "is a PDF document" },
        { [0x80, 4, 0x95, 1], "is a Python pickle" },
        { [.. "PARE"u8, 0, 0, 0, 0], "is an encrypted Parquet file" },
        { [0x89, .. "HDF\r\n"u8, 0x1a, 0x0a], "is an HDF5 file" },
        { [0x28, 0xb5, 0x2f, 0xfd, 0, 0], "is compressed with zstd" },
        { [.. "PK\u0003\u0004"u8, 1, 2, 3], "is a ZIP archive that is damaged or cut short" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_file_of_another_format_is_refused_with_its_kind_and_a_remedy_whatever_its_name(byte[] content, string message)
    {
        string path = _directory.Write("x.csv", content);
        BadInputException wrong = Assert.Throws<BadInputException>(() => TableDataset.Read(path));
        Assert.StartsWith(path, wrong.Message, StringComparison.Ordinal);
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xl/workbook.xml", "is an Excel workbook; save the sheet as CSV")]
    [InlineData("content.xml", "is an OpenDocument file; save the sheet as CSV")]
    [InlineData("table.csv", "is a ZIP archive without arrays; decompress it first")]
    public void An_archive_is_known_by_its_entries(string entry, string message)
    {
        string path = _directory["x.csv"];
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using Stream content = archive.CreateEntry(entry).Open();
            content.Write("1,2\n"u8);
        }

        Assert.Contains(message, Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_format_that_is_compressed_is_refused_with_its_kind()
    {
        string path = _directory["x.csv.gz"];
        using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            file.Write("SQLite format 3\0"u8);
        }

        Assert.Contains(
            "is compressed with gzip and holds an SQLite database", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_begins_like_another_format_is_text()
    {
        Assert.Equal(FileKind.Text, FileSignature.Of("BMI,age\n1,2\n"u8).Kind);
        Assert.Equal(FileKind.Text, FileSignature.Of("{x},y\n1,2\n"u8).Kind);
        Assert.Equal(FileKind.Text, FileSignature.Of("ORCHARD,y\n1,2\n"u8).Kind);
        Assert.Equal(FileKind.Text, FileSignature.Of(""u8).Kind);
    }

    [Fact]
    public void Damaged_text_is_refused_by_a_bad_input_exception_alone() => DamagedFiles.Read(
        _directory,
        "damaged.csv",
        Encoding.UTF8.GetBytes("length,\"width, cm\",kind\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{i / 4.0},\"{(i % 3 == 0 ? "é" : "b")}\"\n"))),
        path => TableDataset.Read(path));
}
