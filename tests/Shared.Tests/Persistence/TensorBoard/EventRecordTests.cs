using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Google.Protobuf;
using NnCluster.Persistence;
using NnCluster.Persistence.TensorBoard;

namespace NnCluster.Shared.Tests.Persistence.TensorBoard;

public sealed class EventRecordTests
{
    // RFC 3720, B.4, and the check value of the catalogue of CRCs.
    [Theory]
    [InlineData("", 0x00000000)]
    [InlineData("123456789", 0xE3069283)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA, true)]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0x62A8AB43, true)]
    [InlineData("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0x46DD794E, true)]
    [InlineData("1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100", 0x113FDB5C, true)]
    public void The_checksum_is_CRC_32C(string data, uint crc, bool isHexadecimal = false) =>
        Assert.Equal(crc, EventRecord.Crc32C(isHexadecimal ? Convert.FromHexString(data) : Encoding.ASCII.GetBytes(data)));

    [Fact]
    public void The_checksum_is_that_of_a_loop_over_bits_for_any_data() => Gen.Byte.Array[0, 100].Sample(data =>
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return EventRecord.Crc32C(data) == ~crc;
    });

    [Fact]
    public void The_first_record_of_a_file_has_the_bytes_that_TensorFlow_writes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        EventRecord.Append(buffer, new EventProto { WallTime = 256.5, FileVersion = "brain.Event:2" });
        Assert.Equal(
            "1800000000000000" + "A37F4B22" + "090000000000087040" + "1A0D627261696E2E4576656E743A32" + "BC98212B",
            Convert.ToHexString(buffer.WrittenSpan));
    }

    [Fact]
    public void A_record_is_length_checksum_data_checksum() => Gen.Select(Gen.Long, Gen.Double, Gen.String).Sample((step, time, text) =>
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("before"u8);
        var message = new EventProto { Step = step, WallTime = time, FileVersion = text };
        EventRecord.Append(buffer, message);
        ReadOnlySpan<byte> record = buffer.WrittenSpan["before".Length..];
        byte[] data = message.ToByteArray();
        Assert.Equal(16 + data.Length, record.Length);
        Assert.Equal((ulong)data.Length, BinaryPrimitives.ReadUInt64LittleEndian(record));
        Assert.Equal(EventRecord.MaskedCrc32C(record[..8]), BinaryPrimitives.ReadUInt32LittleEndian(record[8..]));
        Assert.Equal(data, record.Slice(12, data.Length));
        Assert.Equal(EventRecord.MaskedCrc32C(data), BinaryPrimitives.ReadUInt32LittleEndian(record[^4..]));
    });
}
