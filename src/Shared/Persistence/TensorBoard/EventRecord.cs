using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;

namespace NnCluster.Persistence;

/// <summary>
/// Records of the TFRecord format: length of the data (uint64), masked CRC-32C of the eight bytes of the length (uint32), data,
/// masked CRC-32C of the data (uint32), all little-endian.
/// https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
/// </summary>
internal static class EventRecord
{
    private const int HeaderLength = sizeof(ulong) + sizeof(uint);

    // A CRC of data that contains its own CRC is a constant; the format masks it.
    private const uint MaskDelta = 0xA282EAD8;

    /// <summary>Appends a message as one record.</summary>
    public static void Append(ArrayBufferWriter<byte> destination, IMessage message)
    {
        int length = message.CalculateSize();
        int recordLength = HeaderLength + length + sizeof(uint);
        Span<byte> record = destination.GetSpan(recordLength);
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[sizeof(ulong)..], MaskedCrc32C(record[..sizeof(ulong)]));
        Span<byte> data = record.Slice(HeaderLength, length);
        message.WriteTo(data);
        BinaryPrimitives.WriteUInt32LittleEndian(record[(HeaderLength + length)..], MaskedCrc32C(data));
        destination.Advance(recordLength);
    }

    /// <summary>CRC-32C (Castagnoli) of the data, rotated right by 15 bits, plus a constant, modulo 2³².</summary>
    public static uint MaskedCrc32C(ReadOnlySpan<byte> data) => unchecked(BitOperations.RotateRight(Crc32C(data), 15) + MaskDelta);

    /// <summary>CRC-32C (Castagnoli) of the data.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
