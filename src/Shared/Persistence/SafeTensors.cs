using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace NnCluster.Persistence;

/// <summary>Returns the elements of a tensor, row-major. Called several times: for the check, the digest and the data.</summary>
public delegate ReadOnlySpan<float> TensorData();

/// <summary>A tensor to write.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="Shape">Dimensions; their product is the number of elements.</param>
/// <param name="Data">The elements.</param>
internal sealed record TensorToWrite(string Name, IReadOnlyList<int> Shape, TensorData Data);

/// <summary>
/// Writes the safetensors format (https://github.com/huggingface/safetensors): a little-endian 64-bit header length, a
/// JSON header of <c>{"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {…}}</c>, then the raw data without
/// gaps. Here every tensor is F32, the data begins at a multiple of 64 bytes (the header is padded with spaces), and the
/// metadata has a digest of all other content (<see cref="DigestKey"/>).
/// </summary>
internal static class SafeTensors
{
    /// <summary>
    /// Metadata entry with the SHA-256, in lower-case hexadecimal, of the other metadata and of the names, shapes and data of
    /// the tensors.
    /// </summary>
    public const string DigestKey = "digest";

    /// <summary>Header key of the metadata; no tensor can have this name.</summary>
    internal const string MetadataKey = "__metadata__";

    /// <summary>Limit of the header by the format, in bytes.</summary>
    internal const long MaxHeaderBytes = 100_000_000;

    private const int DataAlignment = 64;

    /// <summary>Writes the tensors in the given order.</summary>
    /// <exception cref="ArgumentException">Two tensors share a name, a name is reserved, or a shape does not fit its data.</exception>
    public static void Write(Stream stream, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(metadata);
        Validate(tensors, metadata);
        ReadOnlySpan<byte> header = Header(tensors, metadata, Digest(tensors, metadata));
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        int padded = RoundUp(header.Length + length.Length, DataAlignment) - length.Length;
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)padded);
        stream.Write(length);
        stream.Write(header);
        Span<byte> spaces = stackalloc byte[DataAlignment];
        spaces.Fill((byte)' ');
        stream.Write(spaces[..(padded - header.Length)]);
        foreach (TensorToWrite tensor in tensors)
        {
            stream.Write(MemoryMarshal.AsBytes(tensor.Data()));
        }
    }

    private static void Validate(IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.ContainsKey(DigestKey))
        {
            throw new ArgumentException($"The metadata entry '{DigestKey}' is written by {nameof(SafeTensors)} itself.", nameof(metadata));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (TensorToWrite tensor in tensors)
        {
            if (tensor.Name == MetadataKey || !names.Add(tensor.Name))
            {
                throw new ArgumentException($"The tensor name '{tensor.Name}' is reserved or used twice.", nameof(tensors));
            }

            long elements = tensor.Shape.Aggregate(1L, (product, dimension) => checked(product * dimension));
            if (elements != tensor.Data().Length)
            {
                throw new ArgumentException(
                    $"Tensor '{tensor.Name}' has shape [{string.Join(", ", tensor.Shape)}] but {tensor.Data().Length} elements.",
                    nameof(tensors));
            }
        }
    }

    private static string Digest(IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var digest = new TensorDigest();
        digest.AppendMetadata(metadata);
        foreach (TensorToWrite tensor in tensors)
        {
            digest.AppendTensor(tensor.Name, tensor.Shape, MemoryMarshal.AsBytes(tensor.Data()));
        }

        return digest.ToHexString();
    }

    private static ReadOnlySpan<byte> Header(
        IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string> metadata, string digest)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteString(DigestKey, digest);
            json.WriteEndObject();
            long offset = 0;
            foreach (TensorToWrite tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", TensorTypes.Single);
                json.WriteStartArray("shape");
                foreach (int dimension in tensor.Shape)
                {
                    json.WriteNumberValue(dimension);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += (long)tensor.Data().Length * sizeof(float);
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
