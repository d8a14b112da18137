using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Launching;

/// <summary>A worker process to start.</summary>
/// <param name="Name">What it is called, in the cluster and in the log.</param>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Workers">How many workers it runs.</param>
/// <param name="Host">The machine it is started on over SSH; null: this one.</param>
internal sealed record NodeCommandLine(string Name, IReadOnlyList<string> Command, int Workers = 1, string? Host = null);

/// <summary>A cluster to start: one coordinator and its workers.</summary>
internal sealed record LaunchPlan
{
    /// <summary>The program, <c>train</c> and all its options but those of resuming.</summary>
    public required IReadOnlyList<string> Coordinator { get; init; }

    /// <summary>What is added for the first life of a new run.</summary>
    public required IReadOnlyList<string> First { get; init; }

    /// <summary>The directory that a new run is to have, where <see cref="First"/> names one.</summary>
    public string? Out { get; init; }

    /// <summary>The workers.</summary>
    public required IReadOnlyList<NodeCommandLine> Workers { get; init; }

    /// <summary>How many workers the coordinator needs to compute.</summary>
    public required int MinWorkers { get; init; }

    /// <summary>Whether the coordinator's standard output is this program's own; else it goes to the log.</summary>
    public bool ShowOutput { get; init; } = true;

    /// <summary>How often each process may be restarted in an hour.</summary>
    public required int MaxRestarts { get; init; }

    /// <summary>The pause before a process's second restart in an hour; each further one is twice as long, up to a minute.</summary>
    public TimeSpan RestartPause { get; init; } = TimeSpan.FromSeconds(2);
}
