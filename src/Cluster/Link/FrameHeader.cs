using System.Buffers.Binary;
using System.IO.Hashing;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// The fixed 56 bytes in front of every payload, little-endian:
/// <code>
///  0 uint32 magic "NNCL"     16 int64  step               36 int32  payload bytes
///  4 uint16 wire version     24 uint32 round kind         40 uint64 XxHash3 of the payload
///  6 uint8  frame kind       28 int32  first shard / node  48 uint64 XxHash3 of bytes 0..47
///  7 uint8  element type     32 int32  shards
///  8 int64  term                                      (of a sum: microseconds computed)
/// </code>
/// Floats that both sides see in one <see cref="Numerics.SharedMemory"/> stay where they are: their payload is the int32
/// number of their buffer in it. Fields a kind has no use for are zero. Nothing behind a header is read or allocated before all of it is checked.
/// </summary>
/// <param name="Kind">What the frame says.</param>
/// <param name="Term">The coordinator's life the frame belongs to.</param>
/// <param name="Step">Steps the weights of the round have behind them; for a piece of the data set its offset; for ping and pong a time stamp.</param>
/// <param name="Round">What the shards are asked for.</param>
/// <param name="First">The first shard, the node, or the number of bytes asked for; of a goodbye its <see cref="GoodbyeKind"/>.</param>
/// <param name="Count">Shards in the range; for a sum the microseconds its worker computed.</param>
/// <param name="PayloadLength">Bytes behind the header.</param>
/// <param name="PayloadHash">XxHash3 of those bytes.</param>
public readonly record struct FrameHeader(
    FrameKind Kind, long Term, long Step, RoundKind Round, int First, int Count, int PayloadLength, ulong PayloadHash)
{
    /// <summary>Whether the payload says where the floats are, in place of the floats.</summary>
    public bool IsPlace { get; init; }

    /// <summary>Bytes of a header.</summary>
    public const int Size = 56;

    /// <summary>"NNCL".</summary>
    public const uint Magic = 0x4C434E4E;

    /// <summary>Most bytes of text, or of one piece of a data set.</summary>
    public const int MaxBytes = 1 << 20;

    // What the node and shard numbers of any run stay below.
    private const int MaxShards = 1 << 24;
    private const byte NoElements = 0;
    private const byte Float32 = 1;
    private const byte PlaceOfFloat32 = 2;

    /// <summary>Whether the frame carries floats, or says where they are.</summary>
    public bool HasFloats => Kind is FrameKind.Weights or FrameKind.SubtreeSum;

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], WireVersion.Current);
        destination[6] = (byte)Kind;
        destination[7] = IsPlace ? PlaceOfFloat32 : HasFloats ? Float32 : NoElements;
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Term);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], Step);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], (uint)Round);
        BinaryPrimitives.WriteInt32LittleEndian(destination[28..], First);
        BinaryPrimitives.WriteInt32LittleEndian(destination[32..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(destination[36..], PayloadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], PayloadHash);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[48..], XxHash3.HashToUInt64(destination[..48]));
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="source">Exactly <see cref="Size"/> bytes.</param>
    /// <param name="header">The header, if it is one.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Read(ReadOnlySpan<byte> source, out FrameHeader header)
    {
        header = default;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (magic != Magic)
        {
            return $"expected a frame, found bytes that begin with 0x{magic:X8}";
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (version != WireVersion.Current)
        {
            return $"the frame has wire version {version}, this program speaks {WireVersion.Current}";
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(source[48..]) != XxHash3.HashToUInt64(source[..48]))
        {
            return "the frame's header was damaged on the way (its hash does not match)";
        }

        uint round = BinaryPrimitives.ReadUInt32LittleEndian(source[24..]);
        if (round > (uint)RoundKind.Validation)
        {
            return $"unknown kind of round {round}";
        }

        header = new(
            (FrameKind)source[6],
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            (RoundKind)round,
            BinaryPrimitives.ReadInt32LittleEndian(source[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]))
        {
            IsPlace = source[7] == PlaceOfFloat32,
        };
        return header.Check(source[7]);
    }

    private string? Check(byte elementType)
    {
        if (Kind is < FrameKind.Weights or > FrameKind.MemoryFound)
        {
            return $"unknown kind of frame {(byte)Kind}";
        }

        if (elementType != (HasFloats ? Float32 : NoElements) && !(IsPlace && HasFloats))
        {
            return $"a {Kind} frame with element type {elementType}";
        }

        if (Term < 0 || Step < 0)
        {
            return $"a {Kind} frame with term {Term} and step {Step}";
        }

        bool numbersFit = Kind switch
        {
            FrameKind.Weights or FrameKind.Compute or FrameKind.Failed => First >= 0 && Count >= 1 && First <= MaxShards - Count && Count <= MaxShards,
            FrameKind.SubtreeSum => First >= 1 && First < 2 * MaxShards && Count >= 0,
            FrameKind.DatasetRequest => First is >= 1 and <= MaxBytes && Count == 0,
            FrameKind.Goodbye => Enum.IsDefined((GoodbyeKind)First) && Count == 0,
            _ => First == 0 && Count == 0,
        };
        if (!numbersFit)
        {
            return $"a {Kind} frame with numbers {First} and {Count}";
        }

        bool lengthFits = Kind switch
        {
            FrameKind.Weights or FrameKind.SubtreeSum when IsPlace => PayloadLength == sizeof(int),
            FrameKind.Weights or FrameKind.SubtreeSum => PayloadLength >= 0 && PayloadLength % sizeof(float) == 0,
            FrameKind.Failed or FrameKind.Goodbye or FrameKind.DatasetChunk => PayloadLength is >= 0 and <= MaxBytes,
            FrameKind.Memory => PayloadLength == LinkMemory.OfferSize,
            _ => PayloadLength == 0,
        };
        return lengthFits ? null : $"a {Kind} frame with a payload of {PayloadLength} bytes";
    }
}
