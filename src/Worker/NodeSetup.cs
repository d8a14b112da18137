using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>What a worker node keeps from one of its lives to the next, so that rejoining is fast.</summary>
public sealed class NodeMemory
{
    /// <summary>The last run, and the highest term of a coordinator of it that was seen: no older one of that run is obeyed. Null before the first.</summary>
    public (string RunId, long Term)? Run { get; set; }

    /// <summary>The data set of the last run, whole; null before the first.</summary>
    public (string Sha256, Dataset Data)? Dataset { get; set; }

    /// <summary>Whether this process has computed a shard, and so has its loops compiled.</summary>
    public bool IsWarm { get; set; }
}

/// <summary>Everything one life of a worker node is made of.</summary>
public sealed record NodeSetup
{
    /// <summary>What the node is called.</summary>
    public required string Name { get; init; }

    /// <summary>Workers it runs, each on a thread of its own.</summary>
    public required int Workers { get; init; }

    /// <summary>The backends it has.</summary>
    public required IReadOnlyList<IBlas> Backends { get; init; }

    /// <summary>Where data sets are kept.</summary>
    public required DatasetCache Cache { get; init; }

    /// <summary>What the node remembers.</summary>
    public required NodeMemory Memory { get; init; }

    /// <summary>The cluster's protection.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Gets a line for people, from any thread.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>Is told how the node is.</summary>
    public required HealthState Health { get; init; }

    /// <summary>Receives how the life ended.</summary>
    public required TaskCompletionSource<NodeEnd> Ended { get; init; }
}

/// <summary>Why a life of a node ended.</summary>
public enum NodeEndKind
{
    /// <summary>The run is over: no worker is needed any more.</summary>
    RunOver,

    /// <summary>The coordinator does not take this node in, or the node does not trust it; another try would end the same.</summary>
    Refused,

    /// <summary>The coordinator is gone, or was never there; it may come back.</summary>
    CoordinatorGone,

    /// <summary>The node was asked to leave.</summary>
    Left,
}

/// <summary>How a life of a node ended.</summary>
/// <param name="Kind">Why, for the program.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="WasIn">Whether a coordinator had taken the node in.</param>
public sealed record NodeEnd(NodeEndKind Kind, string Reason, bool WasIn);

/// <summary>Tells a node that a coordinator can be reached: its life begins.</summary>
public sealed record JoinCoordinator(Address Coordinator);

/// <summary>Asks a node to leave the cluster.</summary>
public sealed record LeaveCluster(string Reason);
