namespace NnCluster.Link;

/// <summary>The table of all kinds of frames, with their numbers on the wire.</summary>
internal static class FrameCodecs
{
    /// <summary>One line a kind.</summary>
    public static readonly FrameCodec[] All =
    [
        new WeightsCodec(1),
        new ComputeCodec(2),
        new NodeSumCodec(3),
        new FailedCodec(4),
        new DatasetRequestCodec(5),
        new DatasetChunkCodec(6),
        new ReadyCodec(7),
        new EmptyFrameCodec(8, new PingFrame(), sender: null),
        new EmptyFrameCodec(9, new PongFrame(), sender: null),
        new GoodbyeCodec(10),
        new RegionsExportedCodec(11),
        new EmptyFrameCodec(12, new RegionsMappedFrame(), LinkSide.Worker),
    ];

    private static readonly FrameCodec?[] ByKind = new FrameCodec?[256];
    private static readonly Dictionary<Type, FrameCodec> ByType = [];

    static FrameCodecs()
    {
        foreach (FrameCodec codec in All)
        {
            ByKind[codec.Kind] = codec;
            ByType.Add(codec.FrameType, codec);
        }
    }

    /// <summary>The codec of a received header.</summary>
    /// <exception cref="FrameException">There is no such kind.</exception>
    public static FrameCodec Of(FrameHeader header) =>
        ByKind[header.Kind] ?? throw new FrameException(FrameViolation.UnknownKind, $"unknown kind of frame {header.Kind}");

    /// <summary>The codec of a frame to send.</summary>
    /// <exception cref="ArgumentException">The frame is only ever received.</exception>
    public static FrameCodec Of(LinkFrame frame) => ByType.TryGetValue(frame.GetType(), out FrameCodec? codec)
        ? codec
        : throw new ArgumentException($"A {frame.GetType().Name} is never sent.", nameof(frame));
}
