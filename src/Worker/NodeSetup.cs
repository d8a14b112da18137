using Akka.Actor;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Worker;

/// <summary>What a node keeps from one incarnation to the next, so that rejoining is fast.</summary>
internal sealed class NodeMemory
{
    /// <summary>The last run and the highest term seen of it: no lower term of that run is obeyed. Null before the first run.</summary>
    public (string RunId, long Term)? Run { get; set; }

    /// <summary>Data set of the last run, whole; null before the first run.</summary>
    public (string Sha256, Dataset Data)? Dataset { get; set; }

    /// <summary>Whether this process has computed a shard: its loops are compiled.</summary>
    public bool IsWarm { get; set; }
}

/// <summary>What one incarnation of a node is made of.</summary>
internal sealed record NodeSetup
{
    /// <summary>Display name of the node.</summary>
    public required string Name { get; init; }

    /// <summary>Number of workers, each on a thread of its own.</summary>
    public required int Workers { get; init; }

    /// <summary>Backends of the node.</summary>
    public required IReadOnlyList<IBlas> Backends { get; init; }

    /// <summary>Data sets on this machine.</summary>
    public required DatasetCache Cache { get; init; }

    /// <summary>What earlier incarnations left.</summary>
    public required NodeMemory Memory { get; init; }

    /// <summary>Protection of the cluster.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Log, a line a call; called from any thread.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>Gets status records, from any thread.</summary>
    public Action<StatusRecord> Status { get; init; } = _ => { };

    /// <summary>State that the health endpoint shows.</summary>
    public required HealthState Health { get; init; }

    /// <summary>Time that a coordinator may take to accept the node.</summary>
    public TimeSpan RegistrationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Receives the end of the incarnation.</summary>
    public required TaskCompletionSource<NodeEnd> Ended { get; init; }
}

/// <summary>What the process does after an incarnation has ended.</summary>
internal enum NodeEndKind
{
    /// <summary>The run is over: the node is not needed any longer.</summary>
    RunOver,

    /// <summary>Refused, or refusing: another attempt would end the same way.</summary>
    Refused,

    /// <summary>The coordinator is gone or was never there: wait for one.</summary>
    CoordinatorGone,

    /// <summary>The node was asked to leave.</summary>
    Left,
}

/// <summary>How an incarnation of a node ended.</summary>
/// <param name="Cause">Cause, for programs.</param>
/// <param name="Reason">Text for the log.</param>
/// <param name="WasIn">Whether the node had opened its data link.</param>
internal sealed record NodeEnd(NodeEndCause Cause, string Reason, bool WasIn)
{
    /// <summary>The coordinator's cause, if <see cref="Cause"/> is <see cref="NodeEndCause.RegistrationRefused"/>; else null.</summary>
    public RefusalCause? Refusal { get; init; }

    /// <summary>What the process does next.</summary>
    public NodeEndKind Kind => Cause switch
    {
        NodeEndCause.RunOver => NodeEndKind.RunOver,
        NodeEndCause.LeaveRequested => NodeEndKind.Left,
        NodeEndCause.RegistrationRefused or NodeEndCause.CoordinatorDistrusted or NodeEndCause.RunUnusable or NodeEndCause.RefusedByRun
            or NodeEndCause.DatasetUnusable or NodeEndCause.WorkerEnded => NodeEndKind.Refused,
        _ => NodeEndKind.CoordinatorGone,
    };
}

/// <summary>Tells a node to register with a coordinator that can be reached.</summary>
internal sealed record JoinCoordinator(Address Coordinator);

/// <summary>Asks a node to leave the cluster.</summary>
/// <param name="Reason">Text for the coordinator's log.</param>
internal sealed record LeaveCluster(string Reason);
