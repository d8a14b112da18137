using System.IO.Hashing;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Link;

/// <summary>Frames with any fields, encoding and length, also such as no program sends.</summary>
internal static class RawFrame
{
    public static byte KindOf<TFrame>()
        where TFrame : LinkFrame => FrameCodecs.All.Single(codec => codec.FrameType == typeof(TFrame)).Kind;

    public static byte[] Header<TFields>(byte kind, TFields fields, int length = 0, PayloadEncoding encoding = PayloadEncoding.Bytes, ulong hash = 0)
        where TFields : unmanaged
    {
        byte[] bytes = new byte[FrameHeader.Size];
        FrameHeader.FieldsOf(bytes).Put(fields);
        FrameHeader.Seal(bytes, kind, encoding, length, hash);
        return bytes;
    }

    public static byte[] Header<TFrame, TFields>(TFields fields, int length = 0, PayloadEncoding encoding = PayloadEncoding.Bytes)
        where TFrame : LinkFrame
        where TFields : unmanaged => Header(KindOf<TFrame>(), fields, length, encoding);

    /// <summary>A whole frame of a sum that is said to be at an index of shared memory.</summary>
    public static byte[] SumAt(int index, NodeSumCodec.SumFields fields)
    {
        byte[] payload = BitConverter.GetBytes(index);
        return [.. Header(KindOf<SubtreeSumFrame>(), fields, payload.Length, PayloadEncoding.Float32Index, XxHash3.HashToUInt64(payload)), .. payload];
    }

    public static byte[] Written(params LinkFrame[] frames)
    {
        var stream = new MemoryStream();
        var writer = new FrameWriter(stream, new TcpTransport(), new());
        foreach (LinkFrame frame in frames)
        {
            writer.Write(frame);
            frame.Buffer?.Release();
        }

        return stream.ToArray();
    }
}
