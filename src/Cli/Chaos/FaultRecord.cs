namespace NnCluster.Cli.Chaos;

/// <summary>A fault and its consequences. Times count from its injection; null: not observed.</summary>
internal sealed record FaultRecord
{
    /// <summary>Number of the fault in the schedule, from 0.</summary>
    public required int Number { get; init; }

    /// <summary>Kind of the fault.</summary>
    public required ChaosFault Kind { get; init; }

    /// <summary>Name of a node, <c>coordinator</c> or <c>disk</c>.</summary>
    public required string Target { get; init; }

    /// <summary>Planned length; zero for an instantaneous fault.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>Time of injection, UTC; null before it.</summary>
    public DateTime? InjectedAt { get; init; }

    /// <summary>Time at which the fault was removed, UTC.</summary>
    public DateTime? RemovedAt { get; init; }

    /// <summary>Time until the run reacted: shards were reassigned, the target was lost, or a checkpoint failed.</summary>
    public TimeSpan? Noticed { get; init; }

    /// <summary>Time until the first shards of the target were reassigned.</summary>
    public TimeSpan? Reassigned { get; init; }

    /// <summary>Shards that were reassigned.</summary>
    public long Shards { get; init; }

    /// <summary>
    /// Time until the run had recovered: the round with the reassigned shards completed; the next coordinator took its
    /// first step; or the first checkpoint was written after the disk had been full.
    /// </summary>
    public TimeSpan? Recovered { get; init; }

    /// <summary>Time until the target, if it was lost, joined again.</summary>
    public TimeSpan? Back { get; init; }

    /// <summary>Whether the target was removed from the run.</summary>
    public bool Lost { get; init; }
}
