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

/// <summary>What <c>nncluster chaos</c> is to do.</summary>
internal sealed record ChaosPlan
{
    /// <summary>Worker processes.</summary>
    public required int Workers { get; init; }

    /// <summary>Decides the training and the faults.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What happens.</summary>
    public required IReadOnlyList<FaultKind> Kinds { get; init; }

    /// <summary>From one strike to the next, at least.</summary>
    public required TimeSpan Every { get; init; }

    /// <summary>For how long faults strike before the run is ended; null: until it ends by itself.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>After so many faults the run is ended; null: it is not.</summary>
    public int? Count { get; init; }

    /// <summary>Where the files go.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether each worker gets a network namespace of its own.</summary>
    public required bool UseNamespaces { get; init; }

    /// <summary>Options of <c>train</c> that both runs get.</summary>
    public required IReadOnlyList<string> Training { get; init; }

    /// <summary>Fewer workers than this, and the disturbed run pauses.</summary>
    public required int MinWorkers { get; init; }

    /// <summary>Options of the coordinator and the workers that protect the cluster; empty: chosen here.</summary>
    public required IReadOnlyList<string> Security { get; init; }

    /// <summary>Whether links pass through a relay.</summary>
    public bool UsesRelay => Kinds.Contains(FaultKind.Corrupt) || (Kinds.Contains(FaultKind.Partition) && !UseNamespaces);

    /// <summary>The run that is disturbed.</summary>
    public string Disturbed => Path.Combine(Directory, "disturbed");

    /// <summary>The run that is not.</summary>
    public string Undisturbed => Path.Combine(Directory, "undisturbed");
}
