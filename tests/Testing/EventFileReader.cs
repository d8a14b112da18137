using System.Buffers.Binary;
using System.Text;

namespace NnCluster.Testing;

/// <summary>
/// Reads event files of TensorBoard by the public format alone: TFRecord frames and the Protocol Buffers encoding, with none of
/// the writer's code. Every checksum is compared.
/// </summary>
internal static class EventFileReader
{
    /// <summary>The events of a file that ends with a whole record.</summary>
    public static List<TensorBoardEvent> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        List<TensorBoardEvent> events = [];
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            RequireChecksum(file, at, sizeof(ulong));
            RequireChecksum(file, at + 12, length);
            events.Add(Event(file.AsSpan(at + 12, length)));
            at += 12 + length + 4;
        }

        return events;
    }

    private static void RequireChecksum(byte[] file, int start, int length)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in file.AsSpan(start, length))
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        crc = ~crc;
        uint masked = unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
        Assert.Equal(masked, BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(start + length)));
    }

    private static TensorBoardEvent Event(ReadOnlySpan<byte> data)
    {
        var read = new TensorBoardEvent();
        foreach ((int field, ulong number, byte[] bytes) in Fields(data))
        {
            read = field switch
            {
                1 => read with { WallTime = BitConverter.UInt64BitsToDouble(number) },
                2 => read with { Step = (long)number },
                3 => read with { FileVersion = Encoding.UTF8.GetString(bytes) },
                5 => read with { Values = [.. Fields(bytes).Select(value => Value(value.Bytes))] },
                7 => read with { SessionStatus = (int)Assert.Single(Fields(bytes), status => status.Field == 1).Number },
                _ => throw new InvalidDataException($"an event has no field {field}"),
            };
        }

        return read;
    }

    private static TensorBoardValue Value(byte[] data)
    {
        var read = new TensorBoardValue();
        foreach ((int field, ulong number, byte[] bytes) in Fields(data))
        {
            read = field switch
            {
                1 => read with { Tag = Encoding.UTF8.GetString(bytes) },
                2 => read with { Scalar = BitConverter.UInt32BitsToSingle((uint)number) },
                4 => read with { Image = Image(bytes) },
                5 => read with { Histogram = Histogram(bytes) },
                _ => throw new InvalidDataException($"a value has no field {field}"),
            };
        }

        return read;
    }

    private static TensorBoardImage Image(byte[] data)
    {
        var fields = Fields(data).ToDictionary(field => field.Field);
        return new((int)fields[2].Number, (int)fields[1].Number, (int)fields[3].Number, fields[4].Bytes);
    }

    private static TensorBoardHistogram Histogram(byte[] data)
    {
        var fields = Fields(data).ToDictionary(field => field.Field);
        // A number that is 0 is not stored.
        double Number(int field) => fields.TryGetValue(field, out var found) ? BitConverter.UInt64BitsToDouble(found.Number) : 0;
        double[] Numbers(int field) =>
            [.. fields[field].Bytes.Chunk(sizeof(double)).Select(bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes))];
        return new(Number(1), Number(2), Number(3), Number(4), Number(5), Numbers(6), Numbers(7));
    }

    /// <summary>The fields of a message: a number (varint, 64 bits, 32 bits), or the bytes of a field with a length.</summary>
    private static List<(int Field, ulong Number, byte[] Bytes)> Fields(ReadOnlySpan<byte> data)
    {
        List<(int, ulong, byte[])> fields = [];
        while (!data.IsEmpty)
        {
            ulong key = Varint(ref data);
            (ulong number, byte[] bytes) = (0UL, Array.Empty<byte>());
            switch (key & 7)
            {
                case 0:
                    number = Varint(ref data);
                    break;
                case 1:
                    number = BinaryPrimitives.ReadUInt64LittleEndian(data);
                    data = data[sizeof(ulong)..];
                    break;
                case 2:
                    int length = checked((int)Varint(ref data));
                    bytes = data[..length].ToArray();
                    data = data[length..];
                    break;
                case 5:
                    number = BinaryPrimitives.ReadUInt32LittleEndian(data);
                    data = data[sizeof(uint)..];
                    break;
                default:
                    throw new InvalidDataException($"wire type {key & 7}");
            }

            fields.Add(((int)(key >> 3), number, bytes));
        }

        return fields;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = data[0];
            data = data[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}

/// <summary>An event of an event file.</summary>
internal sealed record TensorBoardEvent
{
    public double WallTime { get; init; }

    public long Step { get; init; }

    public string? FileVersion { get; init; }

    /// <summary>Status of the session log, 1 for START; null: the event is none.</summary>
    public int? SessionStatus { get; init; }

    public IReadOnlyList<TensorBoardValue> Values { get; init; } = [];
}

/// <summary>A value of a summary.</summary>
internal sealed record TensorBoardValue
{
    public string Tag { get; init; } = "";

    public float? Scalar { get; init; }

    public TensorBoardHistogram? Histogram { get; init; }

    public TensorBoardImage? Image { get; init; }
}

/// <summary>A histogram: the buckets' upper limits, and the values in each.</summary>
internal sealed record TensorBoardHistogram(double Min, double Max, double Count, double Sum, double SumOfSquares, double[] Limits, double[] Counts);

/// <summary>An encoded image of one (grey) or three (RGB) channels.</summary>
internal sealed record TensorBoardImage(int Width, int Height, int Channels, byte[] Encoded);
