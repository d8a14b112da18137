using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>Limits of a <see cref="DataLink"/>. A link that exceeds one is closed.</summary>
internal sealed record LinkOptions
{
    /// <summary>Time from the connection until both sides have identified themselves.</summary>
    public TimeSpan HandshakeDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for one frame, sent or received, beyond that of its bytes at <see cref="MinimumBytesPerSecond"/>.</summary>
    public TimeSpan FrameDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Throughput of the slowest network that frames are given time for, in bytes per second.</summary>
    public double MinimumBytesPerSecond { get; init; } = 1e6;

    /// <summary>Time without a frame to send after which the link sends a ping.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time without a received byte after which the peer counts as dead.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most frames that may wait to be sent.</summary>
    public int QueueLimit { get; init; } = 256;

    /// <summary>Bytes of the socket's buffer, each way; 0: the kernel adapts it (measured on loopback: a fixed size gains nothing).</summary>
    public int SocketBufferBytes { get; init; }

    /// <summary>Most connections that may be in the handshake at once; one more closes the oldest.</summary>
    public int PendingLimit { get; init; } = 32;

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Time stamp at which a frame that begins now must be complete.</summary>
    /// <param name="bytes">Bytes of the frame.</param>
    internal long DueAt(long bytes)
    {
        TimeSpan allowance = FrameDeadline + TimeSpan.FromSeconds(bytes / MinimumBytesPerSecond);
        return Time.GetTimestamp() + (long)(allowance.TotalSeconds * Time.TimestampFrequency);
    }
}

/// <summary>
/// Buffers for a link's tensors. A received tensor must have the length of its pool's buffers; a tensor without a pool
/// is refused.
/// </summary>
internal sealed record LinkPools
{
    /// <summary>Model states that a node receives.</summary>
    public BufferPool? Weights { get; init; }

    /// <summary>Sums of gradients that a coordinator receives, or a node sends.</summary>
    public BufferPool? Gradients { get; init; }

    /// <summary>Sums of evaluation metrics that a coordinator receives.</summary>
    public BufferPool? Evaluations { get; init; }
}
