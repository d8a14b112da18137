using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>Limits of a <see cref="DataLink"/>. Every one of them ends in a closed link with a reason.</summary>
public sealed record LinkOptions
{
    /// <summary>From connecting, or being connected to, until both sides know each other.</summary>
    public TimeSpan HandshakeDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One frame, sent or received, beyond the time its bytes take at <see cref="MinimumBytesPerSecond"/>.</summary>
    public TimeSpan FrameDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The slowest network the link puts up with.</summary>
    public double MinimumBytesPerSecond { get; init; } = 1e6;

    /// <summary>After so long without a frame to send, the link sends a ping.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After so long without a byte from the other side, it is taken for dead.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Frames that may wait to be sent.</summary>
    public int QueueLimit { get; init; } = 256;

    /// <summary>The socket's buffer, each way; 0 leaves it to the kernel, which adapts it (measured: nothing to gain on loopback).</summary>
    public int SocketBufferBytes { get; init; }

    /// <summary>Connections that may be in the handshake at once; one more pushes out the oldest.</summary>
    public int PendingLimit { get; init; } = 32;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal TimeSpan AllowanceFor(long bytes) => FrameDeadline + TimeSpan.FromSeconds(bytes / MinimumBytesPerSecond);
}

/// <summary>
/// Where received floats go. A frame must have exactly the length of its pool's buffers, and a frame for which there is
/// no pool is refused.
/// </summary>
public sealed record LinkPools
{
    /// <summary>Parameters and running statistics; a worker's.</summary>
    public BufferPool? Weights { get; init; }

    /// <summary>Sums of gradients; a coordinator's, and a worker's to send from.</summary>
    public BufferPool? Gradients { get; init; }

    /// <summary>Sums of evaluation metrics; a coordinator's.</summary>
    public BufferPool? Evaluations { get; init; }

    /// <summary>
    /// Memory of a coordinator's that weights are sent from, to be shown to workers on its own host; null: to nobody.
    /// What is sent from it must stay until no round of its step is open, and a worker keeps a sum it sent until it
    /// gets newer weights.
    /// </summary>
    public SharedMemory? Shown { get; init; }

    /// <summary>How many sums of gradients such a worker may hold at once without having to send one.</summary>
    public int ShownSums { get; init; } = 4;

    internal BufferPool? For(in FrameHeader header) => header.Kind switch
    {
        FrameKind.Weights => Weights,
        FrameKind.SubtreeSum => header.Round == RoundKind.Gradient ? Gradients : Evaluations,
        _ => null,
    };
}
