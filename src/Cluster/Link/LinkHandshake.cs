using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// How a link begins: the worker sends 48 bytes, magic, wire version and the one-time token it got over the control
/// plane; the coordinator answers 4 bytes and, if it refuses, up to 200 bytes of reason. Before its token is known a
/// connection may send nothing else.
/// </summary>
internal static class LinkHandshake
{
    public const int TokenBytes = 32;
    private const int HelloBytes = 48;
    private const uint HelloMagic = 0x4C484E4E; // "NNHL"
    private const ushort AnswerMagic = 0x414E; // "NA"
    private const int MaxReasonBytes = 200;

    /// <summary>The worker's half.</summary>
    /// <exception cref="LinkException">The coordinator refused, or is none.</exception>
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
            throw new LinkException("something answered that is not a coordinator of NnCluster");
        }

        bool accepted = answer[2] == 1;
        if (!accepted)
        {
            Span<byte> reason = stackalloc byte[Math.Min((int)answer[3], MaxReasonBytes)];
            stream.ReadExactly(reason);
            throw new LinkException($"the coordinator refused the link: {Encoding.UTF8.GetString(reason)}");
        }
    }

    /// <summary>Reads the worker's half; the answer is the caller's.</summary>
    /// <returns>Null and the token, or why it is to be refused.</returns>
    /// <exception cref="LinkException">It is no worker: it gets no answer.</exception>
    public static string? Listen(Stream stream, out byte[] token)
    {
        Span<byte> hello = stackalloc byte[HelloBytes];
        token = [];
        stream.ReadExactly(hello[..4]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(hello) != HelloMagic)
        {
            throw new LinkException("it is no worker of NnCluster");
        }

        stream.ReadExactly(hello[4..]);
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(hello[4..]);
        if (version != WireVersion.Current)
        {
            return $"the worker speaks wire version {version}, the coordinator {WireVersion.Current}: use the same program on both";
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(hello[40..]) != XxHash3.HashToUInt64(hello[..40]))
        {
            return "the greeting was damaged on the way";
        }

        token = hello[8..40].ToArray();
        return null;
    }

    public static void Answer(Stream stream, string? refusal)
    {
        byte[] reason = Encoding.UTF8.GetBytes(refusal ?? "");
        int length = Math.Min(reason.Length, MaxReasonBytes);
        Span<byte> answer = stackalloc byte[4 + length];
        BinaryPrimitives.WriteUInt16LittleEndian(answer, AnswerMagic);
        answer[2] = (byte)(refusal is null ? 1 : 0);
        answer[3] = (byte)length;
        reason.AsSpan(0, length).CopyTo(answer[4..]);
        stream.Write(answer);
        stream.Flush();
    }

    public static byte[] NewToken() => RandomNumberGenerator.GetBytes(TokenBytes);
}
