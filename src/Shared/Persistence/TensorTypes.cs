using System.Buffers.Binary;

namespace NnCluster.Persistence;

/// <summary>Types of the elements of a tensor, by the names of the safetensors format.</summary>
internal static class TensorTypes
{
    /// <summary>float32, the only type that this program writes.</summary>
    public const string Single = "F32";

    /// <summary>The types that become float32, for messages.</summary>
    public const string Readable = "F32, F64, F16 or BF16";

    /// <summary>Bytes of an element; null for a type that is not known.</summary>
    public static int? SizeOf(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "U16" or "I16" or "F16" or "BF16" => 2,
        "U32" or "I32" or Single => 4,
        "U64" or "I64" or "F64" => 8,
        _ => null,
    };

    /// <summary>
    /// Little-endian elements as float32: float16 and bfloat16 exactly, float64 rounded to the nearest; null for a type that
    /// holds no parameters, such as the integers of PyTorch's <c>num_batches_tracked</c>.
    /// </summary>
    /// <exception cref="OverflowException">A float64 is outside the range of float32; the message has it.</exception>
    public static float[]? ToSingle(string type, ReadOnlySpan<byte> bytes) => type switch
    {
        Single => Convert(bytes, static element => BinaryPrimitives.ReadSingleLittleEndian(element), sizeof(float)),
        "F64" => Convert(bytes, static element => Narrow(BinaryPrimitives.ReadDoubleLittleEndian(element)), sizeof(double)),
        "F16" => Convert(bytes, static element => (float)BinaryPrimitives.ReadHalfLittleEndian(element), sizeof(ushort)),
        // bfloat16 is the upper half of a float32.
        "BF16" => Convert(
            bytes,
            static element => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
            sizeof(ushort)),
        _ => null,
    };

    private delegate float ReadElement(ReadOnlySpan<byte> element);

    private static float[] Convert(ReadOnlySpan<byte> bytes, ReadElement read, int size)
    {
        float[] values = new float[bytes.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = read(bytes.Slice(i * size, size));
        }

        return values;
    }

    private static float Narrow(double value)
    {
        float narrow = (float)value;
        return float.IsFinite(narrow) || !double.IsFinite(value)
            ? narrow
            : throw new OverflowException(FormattableString.Invariant($"{value:R}"));
    }
}
