using NnCluster.Data;
using Parquet.Meta;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Headers of pages written by hand in Thrift's compact protocol.</summary>
public sealed class ParquetPagesTests
{
    private const int Rows = 10;

    [Fact]
    public void A_column_of_sound_pages_is_accepted() => Validate(Page(0, 40, 40, Rows, 0));

    public static TheoryData<byte[], string> Damages => new()
    {
        { Page(0, 40, 4000, Rows, 0), "claims 4000 bytes, 40 uncompressed" },
        { Page(0, -1, 40, Rows, 0), "claims 40 bytes, -1 uncompressed" },
        { Page(0, int.MaxValue, 40, Rows, 0), "claims 40 bytes, 2147483647 uncompressed" },
        { Page(0, 40, 40, Rows + 1, 0), "claims 11 values; at most 10 fit" },
        { Page(0, 40, 40, -1, 0), "claims -1 values" },
        { Page(0, 40, 40, 5, 0), "its pages have 5 values in 10 rows" },
        { Page(0, 40, 40, Rows, 3), "Booleans encoded in runs (RLE) are not read" },
        { Page(0, 40, 40, Rows, 77), "its encoding 77 is unknown" },
        { Page(1, 40, 40, Rows, 0), "index pages are not read" },
        { Page(9, 40, 40, Rows, 0), "has the unknown type 9" },
        { Page(2, 40, 40, 41, 0), "claims 41 values; at most 40 fit" },
        { [0xff, 0xff, .. new byte[60]], "" },
        { [.. Enumerable.Repeat((byte)0x1c, 100)], "structures, lists and maps are nested more than 32 deep" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_page_is_refused_with_its_reason(byte[] pages, string message)
    {
        Exception wrong = Assert.ThrowsAny<Exception>(() => Validate(pages));
        Assert.True(wrong is InvalidDataException or EndOfStreamException, $"{wrong}");
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionCodec.LZO, "the compression LZO is not read")]
    [InlineData((CompressionCodec)50, "the compression 50 is not read")]
    [InlineData(CompressionCodec.SNAPPY, "the compressed data at byte")]
    public void A_codec_that_is_not_read_or_claims_another_length_is_refused(CompressionCodec codec, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Validate(Page(0, 40, 40, Rows, 0), codec)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(9, 4, 100, "it has 9 values in 10 rows")]
    [InlineData(10, 0, 100, "its pages are said to be at bytes -1")]
    [InlineData(10, 5000, 100, "its pages are said to be at bytes 5000")]
    [InlineData(10, 4, 100_000, "its pages are said to be at bytes 4 to 100004")]
    [InlineData(10, 4, -5, "its pages are said to be at bytes 4 to -1")]
    public void A_column_whose_place_or_length_is_impossible_is_refused(long values, long offset, long length, string message)
    {
        byte[] pages = Page(0, 40, 40, Rows, 0);
        using var file = new MemoryStream([.. "PAR1"u8, .. pages, .. new byte[200]]);
        var chunk = new ColumnMetaData { NumValues = values, DataPageOffset = offset, TotalCompressedSize = length };
        Assert.Contains(
            message, Assert.Throws<InvalidDataException>(() => ParquetPages.Validate(file, chunk, Rows)).Message, StringComparison.Ordinal);
    }

    private static void Validate(byte[] pages, CompressionCodec codec = CompressionCodec.UNCOMPRESSED)
    {
        using var file = new MemoryStream([.. "PAR1"u8, .. pages]);
        var chunk = new ColumnMetaData { NumValues = Rows, DataPageOffset = 4, TotalCompressedSize = pages.Length, Codec = codec };
        ParquetPages.Validate(file, chunk, Rows);
    }

    /// <summary>A page of zeros, at most 64 bytes of them, behind its header.</summary>
    private static byte[] Page(int type, int uncompressed, int compressed, int values, int encoding)
    {
        int section = type == 2 ? 7 : 5;
        return
        [
            0x15, .. ZigZag(type), 0x15, .. ZigZag(uncompressed), 0x15, .. ZigZag(compressed), (byte)(((section - 3) << 4) | 0xc),
            0x15, .. ZigZag(values), 0x15, .. ZigZag(encoding), 0x15, .. ZigZag(3), 0x15, .. ZigZag(3), 0, 0, .. new byte[Math.Clamp(compressed, 0, 64)],
        ];
    }

    private static IEnumerable<byte> ZigZag(int value)
    {
        uint raw = (uint)((value << 1) ^ (value >> 31));
        for (; raw >= 0x80; raw >>= 7)
        {
            yield return (byte)(raw | 0x80);
        }

        yield return (byte)raw;
    }
}
