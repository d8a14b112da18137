namespace NnCluster.Coordinator.Launching;

/// <summary>A worker process to start.</summary>
/// <param name="Name">What it is called, in the cluster and in the log.</param>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Host">The machine it is started on over SSH; null: this one.</param>
internal sealed record WorkerCommandLine(string Name, IReadOnlyList<string> Command, string? Host = null);

/// <summary>A cluster to start: one coordinator and its workers.</summary>
internal sealed record LaunchPlan
{
    /// <summary>The program, <c>train</c> and all its options but those of resuming.</summary>
    public required IReadOnlyList<string> Coordinator { get; init; }

    /// <summary>What is added for the first life of a new run.</summary>
    public required IReadOnlyList<string> First { get; init; }

    /// <summary>The workers.</summary>
    public required IReadOnlyList<WorkerCommandLine> Workers { get; init; }

    /// <summary>Whether the coordinator's standard output is this program's own; else it goes to the log.</summary>
    public bool ShowOutput { get; init; } = true;

    /// <summary>How often each process may be restarted in an hour.</summary>
    public required int MaxRestarts { get; init; }
}
