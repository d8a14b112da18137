using System.Collections.Immutable;
using NnCluster.Training;

namespace NnCluster.Cli.Reporting;

/// <summary>State of a participant, for the progress display.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shards">Number of shards that it has computed.</param>
/// <param name="RowsPerSecond">Rows that it computes in a second, averaged over some seconds.</param>
/// <param name="LossReason">Reason of its loss, for display; null while it takes part.</param>
internal sealed record ParticipantStatus(string Name, long Shards, double RowsPerSecond, string? LossReason);

/// <summary>State of a run at one moment, for the progress display.</summary>
internal sealed record ProgressSnapshot
{
    public RunStarted? Run { get; init; }

    public long Step { get; init; }

    public double Epoch { get; init; }

    public double SmoothedLoss { get; init; } = double.NaN;

    public double BatchAccuracy { get; init; } = double.NaN;

    public EpochCompleted? LastEpoch { get; init; }

    public double ImagesPerSecond { get; init; }

    public TimeSpan Elapsed { get; init; }

    /// <summary>Estimated time to the last step; null while it is not known.</summary>
    public TimeSpan? Remaining { get; init; }

    public RunPaused? Paused { get; init; }

    public ImmutableArray<ParticipantStatus> Workers { get; init; } = [];
}
