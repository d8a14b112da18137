using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>What a frame on a <see cref="DataLink"/> says. The numbers are the wire's.</summary>
public enum FrameKind : byte
{
    /// <summary>To a worker: weights after a step, and the shards to compute from them.</summary>
    Weights = 1,

    /// <summary>To a worker: further shards from weights sent before.</summary>
    Compute = 2,

    /// <summary>To the coordinator: the sum over one node.</summary>
    SubtreeSum = 3,

    /// <summary>To the coordinator: shards that could not be computed, and why.</summary>
    Failed = 4,

    /// <summary>To the coordinator: asks for a piece of the data set.</summary>
    DatasetRequest = 5,

    /// <summary>To a worker: a piece of the data set.</summary>
    DatasetChunk = 6,

    /// <summary>To the coordinator: the worker holds data and network.</summary>
    Ready = 7,

    /// <summary>Either way: asks for a <see cref="Pong"/>; sent by the link itself when it has nothing else to say.</summary>
    Ping = 8,

    /// <summary>Either way: answers a <see cref="Ping"/>.</summary>
    Pong = 9,

    /// <summary>Either way: the last frame, with the reason.</summary>
    Goodbye = 10,

    /// <summary>To a worker: where on this host it finds memory for weights and sums, so that those need not be copied.</summary>
    Memory = 11,

    /// <summary>To the coordinator: that memory was found, and will be used.</summary>
    MemoryFound = 12,
}

/// <summary>Which end of a link.</summary>
public enum LinkSide
{
    /// <summary>The end that listened.</summary>
    Coordinator,

    /// <summary>The end that connected.</summary>
    Worker,
}
