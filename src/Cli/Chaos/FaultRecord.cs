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

/// <summary>A fault that struck, and what became of it. Times are from the strike on; null: it was not seen.</summary>
internal sealed record FaultRecord
{
    /// <summary>Which fault of the schedule.</summary>
    public required int Number { get; init; }

    /// <summary>What happened.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>To whom: a worker's name, <c>coordinator</c> or <c>disk</c>.</summary>
    public required string Target { get; init; }

    /// <summary>How long it was to last.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>When it struck; null until it does.</summary>
    public DateTime? StruckAt { get; init; }

    /// <summary>When what was done was undone.</summary>
    public DateTime? UndoneAt { get; init; }

    /// <summary>Until the run noticed: shards given to others, a worker lost, a checkpoint that could not be written.</summary>
    public TimeSpan? Noticed { get; init; }

    /// <summary>Until the first of the victim's shards were given to others.</summary>
    public TimeSpan? Reassigned { get; init; }

    /// <summary>Shards that were given to others.</summary>
    public long Shards { get; init; }

    /// <summary>
    /// Until the run was whole again: the round complete whose shards were given out again; the first step of the
    /// coordinator's next life; the first checkpoint on the disk that had been full.
    /// </summary>
    public TimeSpan? Recovered { get; init; }

    /// <summary>Until the victim, if it was lost, had joined again.</summary>
    public TimeSpan? Back { get; init; }

    /// <summary>Whether the victim was taken out of the run.</summary>
    public bool Lost { get; init; }
}
