using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace NnCluster.Link;

/// <summary>
/// First bytes of a link, little-endian. The node sends 48 bytes, the coordinator answers 4 and, if it refuses the link,
/// up to 200 bytes of reason. A connection without an accepted token may send nothing else.
/// <code>
/// greeting: uint32 magic "NNHL"  uint16 wire version  uint16 0  32 bytes token  uint64 XxHash3 of bytes 0..39
/// answer:   uint16 magic "NA"    uint8 0 or LinkRefusal         uint8 bytes of reason
/// </code>
/// </summary>
internal static class LinkHandshake
{
    /// <summary>Bytes of a token.</summary>
    public const int TokenBytes = 32;
    private const int HelloBytes = 48;
    private const uint HelloMagic = 0x4C484E4E; // "NNHL"
    private const ushort AnswerMagic = 0x414E; // "NA"
    private const int MaxReasonBytes = 200;

    /// <summary>Greets the coordinator and waits for its answer: the node's half.</summary>
    /// <exception cref="LinkException">The coordinator refused the link, or the peer is no coordinator.</exception>
    public static void Introduce(Stream stream, ReadOnlySpan<byte> token)
    {
        Span<byte> hello = stackalloc byte[HelloBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(hello, HelloMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(hello[4..], WireVersion.Current);
        hello[6..8].Clear();
        token.CopyTo(hello[8..40]);
        BinaryPrimitives.WriteUInt64LittleEndian(hello[40..], XxHash3.HashToUInt64(hello[..40]));
        stream.Write(hello);
        stream.Flush();

        Span<byte> answer = stackalloc byte[4];
        stream.ReadExactly(answer);
        if (BinaryPrimitives.ReadUInt16LittleEndian(answer) != AnswerMagic)
        {
            throw new LinkException(LinkRefusal.OtherProtocol, "the peer that answered is no coordinator of NnCluster");
        }

        if (answer[2] != 0)
        {
            Span<byte> reason = stackalloc byte[Math.Min((int)answer[3], MaxReasonBytes)];
            stream.ReadExactly(reason);
            throw new LinkException((LinkRefusal)answer[2], $"the coordinator refused the link: {Encoding.UTF8.GetString(reason)}");
        }
    }

    /// <summary>Reads a greeting: the first part of the coordinator's half.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="token">The token; empty if the link is to be refused.</param>
    /// <returns>Null, or the refusal to answer.</returns>
    /// <exception cref="LinkException">The peer is no node: it gets no answer.</exception>
    public static LinkException? Listen(Stream stream, out byte[] token)
    {
        Span<byte> hello = stackalloc byte[HelloBytes];
        token = [];
        stream.ReadExactly(hello[..4]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(hello) != HelloMagic)
        {
            throw new LinkException(LinkRefusal.OtherProtocol, "it is no worker of NnCluster");
        }

        stream.ReadExactly(hello[4..]);
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(hello[4..]);
        if (version != WireVersion.Current)
        {
            return new(LinkRefusal.WireVersion, $"the worker has wire version {version}, the coordinator {WireVersion.Current}: use the same program on both");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(hello[40..]) != XxHash3.HashToUInt64(hello[..40]))
        {
            return new(LinkRefusal.Damaged, "the greeting was damaged on the way");
        }

        token = hello[8..40].ToArray();
        return null;
    }

    /// <summary>Answers a greeting: the second part of the coordinator's half.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="refusal">Null: the link is accepted.</param>
    public static void Answer(Stream stream, LinkException? refusal)
    {
        byte[] reason = Encoding.UTF8.GetBytes(refusal?.Message ?? "");
        int length = Math.Min(reason.Length, MaxReasonBytes);
        Span<byte> answer = stackalloc byte[4 + length];
        BinaryPrimitives.WriteUInt16LittleEndian(answer, AnswerMagic);
        answer[2] = (byte)(refusal?.Cause ?? 0);
        answer[3] = (byte)length;
        reason.AsSpan(0, length).CopyTo(answer[4..]);
        stream.Write(answer);
        stream.Flush();
    }

    /// <summary>A random token.</summary>
    public static byte[] NewToken() => RandomNumberGenerator.GetBytes(TokenBytes);
}
