using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace NnCluster.Link;

/// <summary>Encodings of a payload. The numbers are the wire's.</summary>
internal enum PayloadEncoding : byte
{
    /// <summary>Bytes that the frame's codec defines; perhaps none.</summary>
    Bytes = 0,

    /// <summary>The floats of a tensor.</summary>
    Float32 = 1,

    /// <summary>An int32: index of the tensor's buffer in a region of shared memory.</summary>
    Float32Index = 2,
}

/// <summary>
/// A view of the fixed 56 bytes in front of every payload, little-endian:
/// <code>
///  0 uint32 magic "NNCL"     8 28 bytes of the kind's own fields,     36 int32  payload bytes
///  4 uint16 wire version       zeros behind the last                  40 uint64 XxHash3 of the payload
///  6 uint8  frame kind                                                48 uint64 XxHash3 of bytes 0..47
///  7 uint8  payload encoding
/// </code>
/// The fields are a packed struct of the frame's <see cref="FrameCodec"/>, which checks them.
/// </summary>
internal readonly ref struct FrameHeader
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 56;

    /// <summary>Bytes that a kind's own fields may have.</summary>
    public const int FieldBytes = 28;

    /// <summary>"NNCL".</summary>
    public const uint Magic = 0x4C434E4E;

    private const int FieldsAt = 8;
    private readonly ReadOnlySpan<byte> _bytes;

    private FrameHeader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Number of the frame's codec.</summary>
    public byte Kind => _bytes[6];

    /// <summary>Encoding of the payload; unchecked.</summary>
    public PayloadEncoding Encoding => (PayloadEncoding)_bytes[7];

    /// <summary>Bytes behind the header; unchecked.</summary>
    public int PayloadLength => BinaryPrimitives.ReadInt32LittleEndian(_bytes[36..]);

    /// <summary>XxHash3 of those bytes.</summary>
    public ulong PayloadHash => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[40..]);

    /// <summary>The bytes of a header in which its kind's own fields are written.</summary>
    public static Span<byte> FieldsOf(Span<byte> header) => header.Slice(FieldsAt, FieldBytes);

    /// <summary>Writes a header around the fields that are in it.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    /// <param name="kind">Number of the frame's codec.</param>
    /// <param name="encoding">Encoding of the payload.</param>
    /// <param name="payloadLength">Bytes of the payload.</param>
    /// <param name="payloadHash">XxHash3 of the payload.</param>
    public static void Seal(Span<byte> destination, byte kind, PayloadEncoding encoding, int payloadLength, ulong payloadHash)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], WireVersion.Current);
        destination[6] = kind;
        destination[7] = (byte)encoding;
        BinaryPrimitives.WriteInt32LittleEndian(destination[36..], payloadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], payloadHash);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[48..], XxHash3.HashToUInt64(destination[..48]));
    }

    /// <summary>Checks magic, version and hash of a header; kind, fields and payload are its codec's to check.</summary>
    /// <param name="source">Exactly <see cref="Size"/> bytes, which the header is a view of.</param>
    /// <exception cref="FrameException">The bytes are no header.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (magic != Magic)
        {
            throw new FrameException(FrameViolation.NotAFrame, $"expected a frame, found bytes that begin with 0x{magic:X8}");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (version != WireVersion.Current)
        {
            throw new FrameException(FrameViolation.WireVersion, $"the frame has wire version {version}, this program has {WireVersion.Current}");
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(source[48..]) == XxHash3.HashToUInt64(source[..48])
            ? new(source)
            : throw new FrameException(FrameViolation.DamagedHeader, "a frame's header was damaged on the way (its hash does not match)");
    }

    /// <summary>The kind's own fields; unchecked.</summary>
    /// <exception cref="FrameException">A byte behind the fields is not zero.</exception>
    public TFields Fields<TFields>()
        where TFields : unmanaged
    {
        ReadOnlySpan<byte> fields = _bytes.Slice(FieldsAt, FieldBytes);
        foreach (byte rest in fields[Unsafe.SizeOf<TFields>()..])
        {
            if (rest != 0)
            {
                throw new FrameException(FrameViolation.Fields, $"a frame of kind {Kind} with bytes behind its fields");
            }
        }

        return Unsafe.ReadUnaligned<TFields>(in fields[0]);
    }
}
