using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// What one side of a <see cref="DataLink"/> sends and the other receives. A frame with a buffer carries one
/// reference to it: the link releases it when the bytes are on the wire, a receiver when it is done. A buffer in memory
/// that both sides see is read after that: its sender keeps a reference of its own for as long as <see cref="LinkPools.Shown"/> says.
/// </summary>
public abstract record LinkFrame
{
    internal virtual RefCountedBuffer? Buffer => null;
}

/// <summary>Asks a worker for shards, with the weights of the round; any earlier weights may be forgotten.</summary>
/// <param name="Term">The coordinator's life.</param>
/// <param name="Round">The round the shards belong to.</param>
/// <param name="Shards">The shards.</param>
/// <param name="Weights">Parameters and running statistics after <c>Round.Step</c> steps.</param>
public sealed record WeightsFrame(long Term, RoundId Round, ShardRange Shards, RefCountedBuffer Weights) : LinkFrame
{
    /// <summary>The buffer's <see cref="DataLink.HashOf"/>, where it is sent to many and hashed once: by whoever sends it first.</summary>
    public Lazy<ulong>? Hash { get; init; }

    internal override RefCountedBuffer? Buffer => Weights;
}

/// <summary>Asks a worker for further shards, from weights it was sent before.</summary>
public sealed record ComputeFrame(long Term, RoundId Round, ShardRange Shards) : LinkFrame;

/// <summary>The sum over all shards of one node.</summary>
public sealed record SubtreeSumFrame(long Term, RoundId Round, SubtreeId Subtree, RefCountedBuffer Sum) : LinkFrame
{
    /// <summary>How long the worker computed on it, waiting left out; sent in whole microseconds.</summary>
    public TimeSpan Computing { get; init; }

    internal override RefCountedBuffer? Buffer => Sum;
}

/// <summary>A worker could not compute these shards and goes on with the next.</summary>
public sealed record FailedFrame(long Term, RoundId Round, ShardRange Shards, string Error) : LinkFrame;

/// <summary>Asks for <paramref name="Length"/> bytes of the data set from <paramref name="Offset"/> on; the worker paces the transfer.</summary>
/// <param name="Offset">Bytes before the piece.</param>
/// <param name="Length">1 to <see cref="FrameHeader.MaxBytes"/> bytes.</param>
public sealed record DatasetRequestFrame(long Offset, int Length) : LinkFrame;

/// <summary>A piece of the data set.</summary>
/// <param name="Offset">Bytes before the piece.</param>
/// <param name="Bytes">At most <see cref="FrameHeader.MaxBytes"/>; nobody writes to them any more.</param>
public sealed record DatasetChunkFrame(long Offset, ReadOnlyMemory<byte> Bytes) : LinkFrame;

/// <summary>The worker holds data and network of the run and waits for work.</summary>
public sealed record ReadyFrame(long Term) : LinkFrame;

/// <summary>Whether it pays to come again after a goodbye.</summary>
public enum GoodbyeKind
{
    /// <summary>The other side may be back later, or wants a new start.</summary>
    Later,

    /// <summary>The run is over; no worker is needed any more.</summary>
    RunOver,

    /// <summary>This worker is not wanted in the run.</summary>
    Refused,
}

/// <summary>The other side ends the link; nothing follows.</summary>
public sealed record GoodbyeFrame(string Reason, GoodbyeKind Kind = GoodbyeKind.Later) : LinkFrame;

/// <summary>
/// A sum arrived whose bytes do not match their hash. Only ever received: the result counts as dropped, and the link
/// closes behind it.
/// </summary>
public sealed record DamagedSumFrame(long Term, RoundId Round, SubtreeId Subtree) : LinkFrame;

/// <summary>The link's own sign of life, answered by the link's own <see cref="PongFrame"/>.</summary>
internal sealed record PingFrame(long SentAt) : LinkFrame;

internal sealed record PongFrame(long SentAt) : LinkFrame;

/// <summary>The link's own offer to leave weights and sums where both sides see them, answered by <see cref="MemoryFoundFrame"/> or by nothing.</summary>
internal sealed record MemoryFrame(SharedMemoryName Weights, SharedMemoryName Sums) : LinkFrame;

/// <summary>The memory was found: the answer to <see cref="MemoryFrame"/>.</summary>
/// <param name="Sums">What sums need no more be sent from once this has been sent; null on the side that gets it.</param>
internal sealed record MemoryFoundFrame(SharedMemory? Sums = null) : LinkFrame;

/// <summary>A link is closed: nothing more will be received from it, and what is sent is released unsent.</summary>
/// <param name="Reason">Why, for people.</param>
/// <param name="Expected">Whether one of the sides had said goodbye.</param>
public sealed record LinkClosed(string Reason, bool Expected);
