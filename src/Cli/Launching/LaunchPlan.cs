namespace NnCluster.Cli.Launching;

/// <summary>A node to start.</summary>
/// <param name="Name">Name of the node, in the cluster and in the log.</param>
/// <param name="Command">The program and its arguments. The program writes its status records to standard output.</param>
/// <param name="Workers">Number of workers that the node hosts.</param>
/// <param name="Host">Machine that it runs on, over SSH; null for this one.</param>
internal sealed record NodeCommandLine(string Name, IReadOnlyList<string> Command, int Workers = 1, string? Host = null);

/// <summary>A cluster to start: one coordinator and its nodes.</summary>
internal sealed record LaunchPlan
{
    /// <summary>The program, <c>train</c> and its options, without those of a new or a resumed run. <c>--status-fd</c> is added.</summary>
    public required IReadOnlyList<string> Coordinator { get; init; }

    /// <summary>Options of the first coordinator only.</summary>
    public required IReadOnlyList<string> First { get; init; }

    /// <summary>Run directory of a new run; null if <see cref="First"/> has none.</summary>
    public string? Out { get; init; }

    /// <summary>The nodes.</summary>
    public required IReadOnlyList<NodeCommandLine> Workers { get; init; }

    /// <summary>Number of workers that the coordinator needs to compute.</summary>
    public required int MinWorkers { get; init; }

    /// <summary>True: the coordinator shares this program's standard output; false: its output goes to the log.</summary>
    public bool ShowOutput { get; init; } = true;

    /// <summary>Most restarts of each process in an hour.</summary>
    public required int MaxRestarts { get; init; }

    /// <summary>Pause before the second restart in an hour; each further one is twice as long, up to a minute.</summary>
    public TimeSpan RestartPause { get; init; } = TimeSpan.FromSeconds(2);
}
