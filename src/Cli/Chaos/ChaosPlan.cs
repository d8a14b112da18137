namespace NnCluster.Cli.Chaos;

/// <summary>Parameters of <c>nncluster chaos</c>.</summary>
internal sealed record ChaosPlan
{
    /// <summary>Number of nodes; each has one worker.</summary>
    public required int Nodes { get; init; }

    /// <summary>Seed of the training and of the schedule of faults.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Kinds of faults.</summary>
    public required IReadOnlyList<ChaosFault> Kinds { get; init; }

    /// <summary>Shortest time between two injections.</summary>
    public required TimeSpan Every { get; init; }

    /// <summary>Time under faults after which the run is ended; null: until it ends by itself.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Number of faults after which the run is ended; null: no limit.</summary>
    public int? Count { get; init; }

    /// <summary>Directory of all files.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether each node has a network namespace of its own.</summary>
    public required bool UseNamespaces { get; init; }

    /// <summary>Options of <c>train</c> for both runs.</summary>
    public required IReadOnlyList<string> Training { get; init; }

    /// <summary>Number of workers that the run under faults needs to compute.</summary>
    public required int MinWorkers { get; init; }

    /// <summary>Options for the security of the cluster; empty: a cookie, if namespaces need one.</summary>
    public required IReadOnlyList<string> Security { get; init; }

    /// <summary>Whether data links pass through a relay.</summary>
    public bool UsesRelay => Kinds.Contains(ChaosFault.Corrupt) || (Kinds.Contains(ChaosFault.Partition) && !UseNamespaces);

    /// <summary>Run directory of the run under faults.</summary>
    public string Disturbed => Path.Combine(Directory, "disturbed");

    /// <summary>Run directory of the run without faults.</summary>
    public string Undisturbed => Path.Combine(Directory, "undisturbed");
}
