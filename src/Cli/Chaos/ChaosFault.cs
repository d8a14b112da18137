namespace NnCluster.Cli.Chaos;

/// <summary>
/// Faults that <c>nncluster chaos</c> injects into real processes. They have the names of <see cref="Training.Simulation.FaultKind"/>
/// where the simulation has them too.
/// </summary>
internal enum ChaosFault
{
    /// <summary>A node is killed (SIGKILL); the launcher restarts it.</summary>
    Kill,

    /// <summary>A node is paused for a while (SIGSTOP, then SIGCONT): connected and silent.</summary>
    Pause,

    /// <summary>A node is paused four fifths of the time for a while.</summary>
    Slow,

    /// <summary>No byte passes between a node and the coordinator for a while.</summary>
    Partition,

    /// <summary>One bit on the data link between a node and the coordinator is flipped.</summary>
    Corrupt,

    /// <summary>The disk of the run directory is full for a while.</summary>
    Disk,

    /// <summary>The coordinator process is killed (SIGKILL); the launcher restarts it from the last checkpoint.</summary>
    Coordinator,
}
