using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Gives a tensor's elements, row-major. Called twice: for the digest, then for the data.</summary>
public delegate ReadOnlySpan<float> TensorData();

/// <summary>A tensor to write.</summary>
public sealed record TensorToWrite(string Name, IReadOnlyList<int> Shape, TensorData Data);

/// <summary>
/// Writes the safetensors format (https://github.com/huggingface/safetensors): a little-endian 64-bit header length, a
/// JSON header of <c>{"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {…}}</c>, then the raw data without
/// gaps. Here every tensor is F32, the data begins at a multiple of 64 bytes (the header is padded with spaces), and the
/// metadata holds a digest of everything else (<see cref="DigestKey"/>).
/// </summary>
public static class SafeTensors
{
    /// <summary>
    /// The metadata entry holding the SHA-256, in lower-case hexadecimal, of the other metadata and of the tensors' names,
    /// shapes and data.
    /// </summary>
    public const string DigestKey = "digest";

    /// <summary>The header key of the metadata, which no tensor can have as its name.</summary>
    internal const string MetadataKey = "__metadata__";

    /// <summary>The format's own limit of the header, in bytes.</summary>
    internal const long MaxHeaderBytes = 100_000_000;

    private const int DataAlignment = 64;

    /// <summary>Writes the tensors in the given order.</summary>
    /// <exception cref="ArgumentException">Two tensors of one name, a reserved name, or a shape that is not its data's.</exception>
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
                    $"Tensor '{tensor.Name}' has shape [{string.Join(", ", tensor.Shape)}] but {tensor.Data().Length} elements.", nameof(tensors));
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
                json.WriteString("dtype", "F32");
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
