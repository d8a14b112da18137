namespace NnCluster.Simulation;

/// <summary>Kinds of faults.</summary>
internal enum SimulatedFaultKind
{
    /// <summary>A node dies and is restarted after the duration.</summary>
    Kill,

    /// <summary>A node is paused (SIGSTOP) and resumed after the duration (SIGCONT); its results come late.</summary>
    Pause,

    /// <summary>A worker is slower by a factor for the duration.</summary>
    Slow,

    /// <summary>No message passes between a worker and the coordinator for the duration; TCP delivers them afterwards.</summary>
    Partition,

    /// <summary>A worker dies and restarts several times in the duration.</summary>
    Flap,

    /// <summary>One more worker joins.</summary>
    Join,

    /// <summary>The next result of a worker arrives damaged: it is dropped and the link is closed.</summary>
    Corrupt,

    /// <summary>Results of a worker arrive twice for the duration.</summary>
    Duplicate,

    /// <summary>All workers die and restart after the duration.</summary>
    Blackout,

    /// <summary>A worker fails its next assignments.</summary>
    Error,

    /// <summary>The coordinator dies and resumes from its last checkpoint after the duration.</summary>
    CoordinatorKill,

    /// <summary>The user stops the run.</summary>
    Stop,
}

/// <summary>One fault of a schedule.</summary>
/// <param name="At">Time of the fault, since the start of the simulation.</param>
/// <param name="Kind">Kind of the fault.</param>
/// <param name="Machine">Index of the machine, for faults of one machine.</param>
/// <param name="Duration">Duration, for faults that last.</param>
/// <param name="Amount">Factor of a slowdown, or number of deaths or errors.</param>
internal sealed record Fault(TimeSpan At, SimulatedFaultKind Kind, int Machine, TimeSpan Duration, int Amount = 1)
{
    /// <summary>Time at which its cause is gone.</summary>
    public TimeSpan End => At + Duration;
}
