using Parquet.Meta;

namespace NnCluster.Data;

/// <summary>
/// Checks the pages of a column before they are read: their sizes, numbers of values, codecs and encodings. A damaged file can then claim
/// no memory that its own size does not justify, and encodings that would be read wrongly are refused.
/// </summary>
internal static class ParquetPages
{
    // A page may be this long uncompressed, whatever its compressed length; beyond, at most as much as deflate can compress.
    private const long UnquestionedBytes = 1L << 26;
    private const long MostCompression = 1100;

    private const int HeaderBytes = 1 << 13;

    private const int DictionaryPage = 2;
    private const int DataPage = 0;
    private const int DataPageV2 = 3;
    private const int IndexPage = 1;

    /// <summary>Checks all pages of a column.</summary>
    /// <param name="file">The file.</param>
    /// <param name="chunk">The column in one row group.</param>
    /// <param name="rows">Rows of the row group.</param>
    /// <exception cref="InvalidDataException">A page is damaged, or has a form that is not read.</exception>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    public static void Validate(Stream file, ColumnMetaData chunk, long rows)
    {
        if (chunk.NumValues != rows)
        {
            throw new InvalidDataException($"it has {chunk.NumValues} values in {rows} rows");
        }

        long[] offsets = [chunk.DictionaryPageOffset ?? 0, chunk.DataPageOffset, chunk.IndexPageOffset ?? 0];
        long start = offsets.Where(offset => offset > 0).DefaultIfEmpty(-1).Min();
        long end = start + chunk.TotalCompressedSize;
        if (start < 4 || chunk.TotalCompressedSize < 0 || end > file.Length || end < start)
        {
            throw new InvalidDataException($"its pages are said to be at bytes {start} to {end} of a file of {file.Length}");
        }

        long values = 0;
        for (long position = start; values < rows;)
        {
            position = ValidatePage(file, chunk, position, end, rows, ref values);
        }
    }

    private static long ValidatePage(Stream file, ColumnMetaData chunk, long position, long end, long rows, ref long values)
    {
        if (position >= end)
        {
            throw new InvalidDataException($"its pages have {values} values in {rows} rows");
        }

        ThriftFields header = ReadHeader(file, position, end);
        long type = header[1] ?? -1;
        long uncompressed = header[2] ?? -1;
        long compressed = header[3] ?? -1;
        long data = position + header.Length;
        if (compressed < 0 || uncompressed < 0 || compressed > end - data
            || uncompressed > UnquestionedBytes + (MostCompression * compressed))
        {
            throw new InvalidDataException(
                $"a page at byte {position} claims {compressed} bytes, {uncompressed} uncompressed, of {end - data} that follow");
        }

        (int section, int encodingField) = type switch
        {
            DataPage => (5, 2),
            DictionaryPage => (7, 2),
            DataPageV2 => (8, 4),
            IndexPage => throw new InvalidDataException("index pages are not read"),
            _ => throw new InvalidDataException($"a page at byte {position} has the unknown type {type}"),
        };
        long count = header[section, 1] ?? -1;
        long most = type == DictionaryPage ? uncompressed : rows - values;
        if (count < 0 || count > most)
        {
            throw new InvalidDataException($"a page at byte {position} claims {count} values; at most {most} fit");
        }

        RequireEncoding(chunk, header[section, encodingField]);
        long levels = type == DataPageV2 ? (header[8, 5] ?? 0) + (header[8, 6] ?? 0) : 0;
        bool isCompressed = type != DataPageV2 || header[8, 7] != 0;
        if (levels < 0 || levels > compressed || (type == DataPageV2 && (header[8, 2] ?? 0) is var nulls && (nulls < 0 || nulls > count)))
        {
            throw new InvalidDataException($"a page at byte {position} has levels of {levels} bytes in {compressed}");
        }

        if (isCompressed)
        {
            RequireClaim(file, chunk.Codec, data + levels, compressed - levels, uncompressed - levels);
        }

        values += type == DictionaryPage ? 0 : count;
        return data + compressed;
    }

    private static ThriftFields ReadHeader(Stream file, long position, long end)
    {
        for (long length = HeaderBytes; ; length *= 16)
        {
            byte[] bytes = new byte[Math.Min(length, end - position)];
            file.Position = position;
            file.ReadExactly(bytes);
            try
            {
                return ThriftFields.Read(bytes, bytes.Length);
            }
            catch (EndOfStreamException) when (bytes.Length == length && length < 1 << 26)
            {
                // Statistics of long texts make a long header: it is read again with more bytes.
            }
        }
    }

    // Parquet.Net 6.1 reads Booleans in runs as false throughout.
    private static void RequireEncoding(ColumnMetaData chunk, long? encoding)
    {
        if (encoding is null || !Enum.IsDefined((Encoding)encoding))
        {
            throw new InvalidDataException($"its encoding {encoding} is unknown");
        }

        if ((Encoding)encoding == Encoding.RLE)
        {
            throw new InvalidDataException("Booleans encoded in runs (RLE) are not read; write the file with data pages of version 1.0");
        }

        if (chunk.Codec == CompressionCodec.LZO || !Enum.IsDefined(chunk.Codec))
        {
            throw new InvalidDataException($"the compression {chunk.Codec} is not read; write it with Snappy, gzip, zstd, Brotli or LZ4");
        }
    }

    /// <summary>Compares the length that compressed data claims for itself with the one in the header of the page.</summary>
    private static void RequireClaim(Stream file, CompressionCodec codec, long position, long length, long uncompressed)
    {
        if (codec is not (CompressionCodec.SNAPPY or CompressionCodec.ZSTD))
        {
            return;
        }

        byte[] start = new byte[Math.Min(length, 18)];
        file.Position = position;
        file.ReadExactly(start);
        long? claimed = codec == CompressionCodec.SNAPPY ? SnappyLength(start) : ZstdLength(start);
        if (claimed is { } size && size != uncompressed)
        {
            throw new InvalidDataException($"the compressed data at byte {position} claims {size} bytes; the page has {uncompressed}");
        }
    }

    private static long SnappyLength(ReadOnlySpan<byte> start)
    {
        long value = 0;
        for (int i = 0; i < Math.Min(5, start.Length); i++)
        {
            value |= (long)(start[i] & 0x7f) << (7 * i);
            if (start[i] < 0x80)
            {
                return value;
            }
        }

        return -1;
    }

    // RFC 8878, 3.1.1.1: the content size is 0, 1, 2, 4 or 8 bytes behind the descriptor, the window and the dictionary's id.
    private static long? ZstdLength(ReadOnlySpan<byte> start)
    {
        if (start.Length < 6)
        {
            return null;
        }

        bool isSingle = (start[4] & 0x20) != 0;
        int bytes = (start[4] >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int at = 5 + (isSingle ? 0 : 1) + ((start[4] & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 });
        if (bytes == 0 || at + bytes > start.Length)
        {
            return null;
        }

        ulong value = 0;
        for (int i = bytes - 1; i >= 0; i--)
        {
            value = (value << 8) | start[at + i];
        }

        return value <= long.MaxValue ? (long)value + (bytes == 2 ? 256 : 0) : -1;
    }
}
