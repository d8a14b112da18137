using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>What <c>nncluster chaos</c> does to a cluster.</summary>
internal enum FaultKind
{
    /// <summary>A worker's process is killed (SIGKILL); the launcher starts it again.</summary>
    Kill,

    /// <summary>A worker's process is stopped for a while (SIGSTOP, then SIGCONT): connected, and silent.</summary>
    Stop,

    /// <summary>A worker's process is stopped four fifths of the time for a while.</summary>
    Slow,

    /// <summary>Nothing passes between a worker and the coordinator for a while.</summary>
    Partition,

    /// <summary>One bit of what a worker and the coordinator say to each other is turned over.</summary>
    Corrupt,

    /// <summary>The disk of the run directory is full for a while.</summary>
    Disk,

    /// <summary>The coordinator's process is killed (SIGKILL); the launcher starts it again from the last checkpoint.</summary>
    Coordinator,
}
