using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NnCluster.Data;

/// <summary>
/// The canonical bytes of a data set, as <see cref="DatasetContent"/> describes them, readable at any offset: never whole in memory.
/// Thread-safe.
/// </summary>
internal sealed class DatasetBytes
{
    private const int Chunk = 1 << 20;

    private readonly List<(long Start, long Length, Reader Read)> _parts = [];

    /// <summary>The bytes of a data set.</summary>
    public DatasetBytes(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        Add(DatasetContent.HeaderOf(dataset));
        DataSplit[] splits = [dataset.Train, dataset.Test, dataset.Validation];
        foreach (DataSplit split in splits)
        {
            Add(split.Matrix.ByteLength(), split.Matrix.ReadBytes);
        }

        foreach (DataSplit split in splits)
        {
            Add((long)split.Labels.Length * sizeof(int), (offset, to) => ReadFrom(split.Labels, offset, to));
            Add((long)split.Targets.Length * sizeof(float), (offset, to) => ReadFrom(split.Targets, offset, to));
        }

        Add(DatasetContent.DescriptionOf(dataset));
    }

    private delegate void Reader(long offset, Span<byte> destination);

    /// <summary>Number of bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Reads bytes.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="destination">Receives as many bytes as it has room for.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many bytes.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, Length);
        foreach ((long start, long length, Reader read) in _parts)
        {
            long skipped = offset - start;
            if (skipped < length && !destination.IsEmpty)
            {
                int here = (int)Math.Min(destination.Length, length - skipped);
                read(skipped, destination[..here]);
                destination = destination[here..];
                offset += here;
            }
        }
    }

    /// <summary>Writes all bytes.</summary>
    public void WriteTo(Stream destination) => ForEachChunk(chunk => destination.Write(chunk));

    /// <summary>SHA-256 of all bytes, in lower-case hexadecimal.</summary>
    public string Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ForEachChunk(chunk => hash.AppendData(chunk));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void ForEachChunk(Action<ReadOnlySpan<byte>> use)
    {
        byte[] chunk = new byte[(int)Math.Min(Chunk, Length)];
        for (long offset = 0; offset < Length; offset += Chunk)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(Chunk, Length - offset));
            Read(offset, part);
            use(part);
        }
    }

    private void Add(byte[] bytes) => Add(bytes.Length, (offset, to) => bytes.AsSpan((int)offset, to.Length).CopyTo(to));

    private void Add(long length, Reader read)
    {
        _parts.Add((Length, length, read));
        Length += length;
    }

    // All values may be more bytes than one span has.
    internal static void ReadFrom<T>(ReadOnlySpan<T> values, long offset, Span<byte> destination)
        where T : unmanaged
    {
        int size = Marshal.SizeOf<T>();
        int first = (int)(offset / size);
        int past = (int)((offset + destination.Length + size - 1) / size);
        MemoryMarshal.AsBytes(values[first..past]).Slice((int)(offset % size), destination.Length).CopyTo(destination);
    }
}
