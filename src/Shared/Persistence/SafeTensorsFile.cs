using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace NnCluster.Persistence;

/// <summary>A tensor read from a file.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="Shape">Length of each dimension, the outermost first.</param>
/// <param name="Data">Elements, row-major.</param>
public sealed record StoredTensor(string Name, ImmutableArray<int> Shape, ReadOnlyMemory<float> Data);

/// <summary>The content of a safetensors file, all of it checked.</summary>
public sealed class SafeTensorsFile
{
    private readonly Dictionary<string, StoredTensor> _byName;

    private SafeTensorsFile(
        string path,
        ImmutableArray<StoredTensor> tensors,
        IReadOnlyDictionary<string, string> otherTypes,
        IReadOnlyDictionary<string, string> metadata)
    {
        OtherTypes = otherTypes;
        Path = path;
        Tensors = tensors;
        Metadata = metadata;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Types by the names of tensors that are left out, since they hold no parameters: integers and the like.</summary>
    internal IReadOnlyDictionary<string, string> OtherTypes { get; }

    /// <summary>
    /// The tensors in the order of their data. float64, float16 and bfloat16 of other programs became float32; tensors of other
    /// types, such as the integers of PyTorch's <c>num_batches_tracked</c>, are left out.
    /// </summary>
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
        var otherTypes = new Dictionary<string, string>(StringComparer.Ordinal);
        using var digest = new TensorDigest();
        digest.AppendMetadata(header.Metadata);
        foreach (TensorHeader tensor in header.Tensors)
        {
            if (ReadData(stream, path, tensor, digest) is { } data)
            {
                tensors.Add(new(tensor.Name, tensor.Shape, data));
            }
            else
            {
                otherTypes.Add(tensor.Name, tensor.Type);
            }
        }

        CheckDigest(path, header.Metadata, digest.ToHexString(), requireDigest);
        return new(path, tensors.DrainToImmutable(), otherTypes, header.Metadata);
    }

    /// <summary>The elements as float32; null for a type that is left out.</summary>
    private static float[]? ReadData(Stream stream, string path, TensorHeader tensor, TensorDigest digest)
    {
        if (tensor.Type == TensorTypes.Single && BitConverter.IsLittleEndian)
        {
            float[] data = new float[tensor.Bytes / sizeof(float)];
            Span<byte> raw = MemoryMarshal.AsBytes(data.AsSpan());
            stream.ReadExactly(raw);
            digest.AppendTensor(tensor.Name, tensor.Shape, raw);
            return data;
        }

        byte[] bytes = new byte[tensor.Bytes];
        stream.ReadExactly(bytes);
        // A file with a digest has float32 alone: another type does not match it.
        digest.AppendTensor(tensor.Type == TensorTypes.Single ? tensor.Name : $"{tensor.Type} {tensor.Name}", tensor.Shape, bytes);
        try
        {
            return TensorTypes.ToSingle(tensor.Type, bytes);
        }
        catch (OverflowException wrong)
        {
            throw new BadInputException(
                $"{path}: has {wrong.Message} in tensor '{tensor.Name}', which is outside the range of float32", wrong);
        }
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
