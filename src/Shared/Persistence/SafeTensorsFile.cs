using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace NnCluster.Persistence;

/// <summary>A tensor read from a file.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Data">Elements, row-major.</param>
public sealed record StoredTensor(string Name, ImmutableArray<int> Shape, ReadOnlyMemory<float> Data);

/// <summary>The content of a safetensors file, all of it checked.</summary>
public sealed class SafeTensorsFile
{
    private readonly Dictionary<string, StoredTensor> _byName;

    private SafeTensorsFile(string path, ImmutableArray<StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Path = path;
        Tensors = tensors;
        Metadata = metadata;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public ImmutableArray<StoredTensor> Tensors { get; }

    /// <summary>The string map under <c>__metadata__</c>, the digest included.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The digest in the metadata, which matches the content; null if there is none.</summary>
    public string? Digest => Metadata.GetValueOrDefault(SafeTensors.DigestKey);

    /// <summary>Finds a tensor by its name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out StoredTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>
    /// Reads and checks a whole file: header, types, shapes, offsets without gap or overlap, length, and the digest if there
    /// is one. Memory use is bounded by the length of the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="requireDigest">Whether to refuse a file without a digest; checkpoints always have one.</param>
    /// <exception cref="BadInputException">The file is missing, unreadable, or violates the format.</exception>
    public static SafeTensorsFile Read(string path, bool requireDigest = false) =>
        Open(path, stream => Read(stream, path, requireDigest));

    /// <summary>Reads the metadata alone, without a check against the digest.</summary>
    /// <exception cref="BadInputException">The file is missing or unreadable, or its header is damaged.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path) =>
        Open(path, stream => SafeTensorsHeader.ReadMetadata(stream, path));

    private static T Open<T>(string path, Func<FileStream, T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            return read(stream);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : error.Message;
            throw new BadInputException($"{path}: cannot be read: {reason}", error);
        }
    }

    /// <summary>Reads a seekable stream from its start, as <see cref="Read(string, bool)"/> does a file.</summary>
    /// <param name="stream">The content.</param>
    /// <param name="path">Name of the stream in errors.</param>
    /// <param name="requireDigest">Whether to refuse content without a digest.</param>
    /// <exception cref="BadInputException">The content violates the format.</exception>
    public static SafeTensorsFile Read(Stream stream, string path, bool requireDigest = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        SafeTensorsHeader header = SafeTensorsHeader.Read(stream, path);
        var tensors = ImmutableArray.CreateBuilder<StoredTensor>(header.Tensors.Length);
        using var digest = new TensorDigest();
        digest.AppendMetadata(header.Metadata);
        foreach (TensorHeader tensor in header.Tensors)
        {
            var data = new float[tensor.Elements];
            Span<byte> bytes = MemoryMarshal.AsBytes(data.AsSpan());
            stream.ReadExactly(bytes);
            digest.AppendTensor(tensor.Name, tensor.Shape, bytes);
            tensors.Add(new(tensor.Name, tensor.Shape, data));
        }

        CheckDigest(path, header.Metadata, digest.ToHexString(), requireDigest);
        return new(path, tensors.MoveToImmutable(), header.Metadata);
    }

    private static void CheckDigest(string path, IReadOnlyDictionary<string, string> metadata, string actual, bool required)
    {
        string? expected = metadata.GetValueOrDefault(SafeTensors.DigestKey);
        if (expected is null && required)
        {
            throw new BadInputException(
                $"{path}: has no '{SafeTensors.DigestKey}' in its metadata, so it was not written by this program or is damaged");
        }

        if (expected is not null && expected != actual)
        {
            throw new BadInputException($"{path}: is damaged: its content has SHA-256 {actual}, its metadata says {expected}");
        }
    }
}
