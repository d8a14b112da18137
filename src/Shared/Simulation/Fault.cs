using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>A worker's process dies; it is started again after the duration.</summary>
    Kill,

    /// <summary>A worker stands still (SIGSTOP) and goes on after the duration (SIGCONT); its answers come late.</summary>
    Hang,

    /// <summary>A worker is slower by a factor for the duration.</summary>
    Slow,

    /// <summary>Nothing passes between a worker and the coordinator for the duration; then what TCP held back arrives.</summary>
    Partition,

    /// <summary>A worker dies and comes back several times in the duration.</summary>
    Flap,

    /// <summary>Another worker comes.</summary>
    Join,

    /// <summary>A worker's next result arrives damaged: it is not used and its link is closed.</summary>
    Corrupt,

    /// <summary>A worker's results arrive twice for the duration.</summary>
    Duplicate,

    /// <summary>All workers die and come back after the duration.</summary>
    Blackout,

    /// <summary>A worker fails its next few orders.</summary>
    Error,

    /// <summary>The coordinator dies and goes on from its last checkpoint after the duration.</summary>
    CoordinatorKill,

    /// <summary>The user asks for the end.</summary>
    Stop,
}

/// <summary>One entry of a schedule.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Machine">To which machine, where it is one.</param>
/// <param name="Duration">How long, where it lasts.</param>
/// <param name="Amount">The factor of a slowdown; how many deaths or errors.</param>
public sealed record Fault(TimeSpan At, FaultKind Kind, int Machine, TimeSpan Duration, int Amount = 1)
{
    /// <summary>When its cause is gone.</summary>
    public TimeSpan End => At + Duration;
}
