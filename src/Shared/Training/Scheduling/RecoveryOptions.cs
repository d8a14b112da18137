namespace NnCluster.Training;

/// <summary>Timeouts and limits after which a run stops waiting for a participant. They change the run's time, never its bits.</summary>
internal sealed record RecoveryOptions
{
    /// <summary>
    /// Options for workers that are threads of this process. They do not vanish, and on a busy machine a speculative copy of
    /// their work would add to the load that delays them.
    /// </summary>
    public static readonly RecoveryOptions InProcess = new()
    {
        MinDeadline = TimeSpan.FromSeconds(10),
        MinStraggler = TimeSpan.FromSeconds(2),
    };

    /// <summary>Deadline of an assignment, in median rounds; a participant that misses it has timed out.</summary>
    public double DeadlineFactor { get; init; } = 4;

    /// <summary>Shortest deadline.</summary>
    public TimeSpan MinDeadline { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Deadline while no round of the kind has been measured.</summary>
    public TimeSpan FirstDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Deadlines until shards are assigned again when every other participant has timed out too.</summary>
    public double LastResortFactor { get; init; } = 8;

    /// <summary>Age of an assignment, in median rounds, from which an idle participant gets a speculative copy.</summary>
    public double StragglerFactor { get; init; } = 2;

    /// <summary>Smallest age for a speculative copy.</summary>
    public TimeSpan MinStraggler { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Errors in a row after which a participant is refused.</summary>
    public int MaxFailures { get; init; } = 3;

    /// <summary>Share by which the round must get shorter before shards are divided by newly measured speeds.</summary>
    public double RebalanceThreshold { get; init; } = 0.1;
}
