using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Security.Cryptography;

namespace NnCluster.Data;

/// <summary>
/// An IDX file of grey images as unsigned bytes or of labels as integers, the format of MNIST (LeCun, Cortes and Burges, "The MNIST
/// database"): two zero bytes, the element type (0x08 unsigned bytes; of labels also 0x09, 0x0b, 0x0c: int8, int16, int32), the number
/// of dimensions, each dimension as a big-endian int32, then the elements in row-major order. A file compressed by gzip is recognised by its content, not its name.
/// </summary>
public sealed class IdxFile
{
    private const byte UnsignedByte = 0x08;
    private const int Chunk = 1 << 20;

    private readonly byte _type;

    private IdxFile(string path, byte type, ImmutableArray<int> dimensions, ReadOnlyMemory<byte> elements, string? sha256)
    {
        Path = path;
        _type = type;
        Dimensions = dimensions;
        Elements = elements;
        Sha256 = sha256;
    }

    /// <summary>Path of the file.</summary>
    public string Path { get; }

    /// <summary>[n, rows, columns] of images, [n] of labels.</summary>
    public ImmutableArray<int> Dimensions { get; }

    /// <summary>Bytes of the elements in row-major order, big-endian if an element has several.</summary>
    public ReadOnlyMemory<byte> Elements { get; }

    /// <summary>SHA-256 of the uncompressed file in lower-case hexadecimal; null unless requested.</summary>
    public string? Sha256 { get; }

    /// <summary>Number of images or labels.</summary>
    public int Count => Dimensions[0];

    /// <summary>Reads grey images, [n, rows, columns].</summary>
    /// <exception cref="BadInputException">The file cannot be read or is no IDX file of images.</exception>
    public static IdxFile ReadImages(string path, bool computeSha256 = false) => Read(path, 3, "images", computeSha256);

    /// <summary>Reads labels, [n].</summary>
    /// <exception cref="BadInputException">The file cannot be read or is no IDX file of labels.</exception>
    public static IdxFile ReadLabels(string path, bool computeSha256 = false) => Read(path, 1, "labels", computeSha256);

    /// <summary>Elements of a label file as class numbers.</summary>
    /// <exception cref="BadInputException">A label is outside 0 … <paramref name="classes"/> - 1.</exception>
    public int[] ToClasses(int classes)
    {
        int[] labels = new int[Count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = (uint)LabelOf(i) < (uint)classes
                ? LabelOf(i)
                : throw new BadInputException(
                    $"{Path}: label {LabelOf(i)} of row {i} is outside the {classes} classes 0 to {classes - 1}.");
        }

        return labels;
    }

    /// <summary>Label of a row.</summary>
    internal int LabelOf(int row)
    {
        ReadOnlySpan<byte> element = Elements.Span[(row * SizeOf(_type))..];
        return _type switch
        {
            0x09 => (sbyte)element[0],
            0x0b => BinaryPrimitives.ReadInt16BigEndian(element),
            0x0c => BinaryPrimitives.ReadInt32BigEndian(element),
            _ => element[0],
        };
    }

    /// <summary>Bytes of a label.</summary>
    private static int SizeOf(byte type) => type switch { 0x0b => 2, 0x0c => 4, _ => 1 };

    private static IdxFile Read(string path, int rank, string what, bool computeSha256)
    {
        try
        {
            using FileStream file = new(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);
            Span<byte> start = stackalloc byte[2];
            int got = file.ReadAtLeast(start, 2, throwOnEndOfStream: false);
            if (got == 0)
            {
                throw new BadInputException($"{path} is empty; expected an IDX file of {what}, plain or compressed by gzip.");
            }

            file.Position = 0;
            bool compressed = got == 2 && start is [0x1f, 0x8b];
            using Stream content = compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
            using IncrementalHash? hash = computeSha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
            (byte type, ImmutableArray<int> dimensions) = ReadHeader(content, path, rank, what, compressed, hash);
            long size = Product(dimensions, SizeOf(type), path);
            byte[] elements = ReadElements(content, path, size, HeaderBytes(rank), compressed ? null : file.Length, file.Length, hash);
            return new(path, type, dimensions, elements, hash is null ? null : Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (InvalidDataException broken)
        {
            throw new BadInputException($"{path}: the gzip data is damaged or cut short ({broken.Message}); fetch the file again.", broken);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be read: {failed.Message}", failed);
        }
    }

    private static int HeaderBytes(int rank) => 4 + (4 * rank);

    private static (byte Type, ImmutableArray<int> Dimensions) ReadHeader(
        Stream content, string path, int rank, string what, bool compressed, IncrementalHash? hash)
    {
        Span<byte> header = stackalloc byte[HeaderBytes(rank)];
        int got = content.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        string dimensionality = rank == 1 ? "1 dimension" : $"{rank} dimensions";
        string expected = $"expected an IDX file of {what} (unsigned bytes, {dimensionality}, magic 0x{(UnsignedByte << 8) | rank:x8})";
        if (got < 4 || header[0] != 0 || header[1] != 0)
        {
            string found = got < 4 ? $"only {got} bytes" : $"magic 0x{BinaryPrimitives.ReadUInt32BigEndian(header):x8}";
            string form = !compressed && path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? " and is not compressed by gzip" : "";
            throw new BadInputException($"{path} has {found}{form}; {expected}.");
        }

        if (header[2] != UnsignedByte && (rank > 1 || header[2] is not (0x09 or 0x0b or 0x0c)))
        {
            throw new BadInputException($"{path} has elements of IDX type 0x{header[2]:x2}; {expected}.");
        }

        if (header[3] != rank)
        {
            throw new BadInputException($"{path} has {header[3]} dimensions; {expected}.");
        }

        if (got < header.Length)
        {
            throw new BadInputException($"{path} ends within its header; {expected}.");
        }

        hash?.AppendData(header);
        var dimensions = ImmutableArray.CreateBuilder<int>(rank);
        for (int i = 0; i < rank; i++)
        {
            dimensions.Add(BinaryPrimitives.ReadInt32BigEndian(header[(4 + (4 * i))..]));
        }

        return (header[2], dimensions.MoveToImmutable());
    }

    private static long Product(ImmutableArray<int> dimensions, int elementSize, string path)
    {
        long size = elementSize;
        foreach (int dimension in dimensions)
        {
            // Each factor is below 2^31 and the product before it at most Array.MaxLength: no overflow.
            size = dimension > 0 && size <= Array.MaxLength ? size * dimension : long.MaxValue;
        }

        return size <= Array.MaxLength
            ? size
            : throw new BadInputException(
                $"{path} claims the dimensions {string.Join(" × ", dimensions)}; expected positive ones "
                + $"and at most {Array.MaxLength} elements.");
    }

    /// <summary>
    /// Reads exactly <paramref name="size"/> elements. The length of a plain file is checked before the allocation; that of a
    /// compressed file is only known at its end, so its array grows with the decompressed data.
    /// </summary>
    private static byte[] ReadElements(
        Stream content, string path, long size, int headerBytes, long? plainLength, long fileLength, IncrementalHash? hash)
    {
        if (plainLength is long length && length != headerBytes + size)
        {
            throw WrongLength(path, headerBytes + size, length < headerBytes + size ? $"it is cut short at {length}" : $"it has {length}");
        }

        long assumed = plainLength is null ? Math.Max(Chunk, 4 * fileLength) : size;
        byte[] elements = GC.AllocateUninitializedArray<byte>((int)Math.Min(size, assumed));
        int filled = 0;
        while (filled < size)
        {
            if (filled == elements.Length)
            {
                Array.Resize(ref elements, (int)Math.Min(size, 2L * elements.Length));
            }

            Span<byte> room = elements.AsSpan(filled, Math.Min(Chunk, elements.Length - filled));
            int got = content.ReadAtLeast(room, room.Length, throwOnEndOfStream: false);
            if (got < room.Length)
            {
                throw WrongLength(path, headerBytes + size, $"it is cut short at {headerBytes + (long)filled + got}");
            }

            hash?.AppendData(room);
            filled += got;
        }

        return content.ReadByte() < 0 ? elements : throw WrongLength(path, headerBytes + size, "more bytes follow");
    }

    private static BadInputException WrongLength(string path, long expected, string found) =>
        new($"{path}: its header announces {expected} bytes in all (uncompressed), but {found}.");
}
