using System.Collections.Immutable;
using NnCluster.Training;

namespace NnCluster.Cli.Reporting;

/// <summary>A worker as the progress display shows it.</summary>
internal sealed record ParticipantStatus(string Name, long Shards, double RowsPerSecond, string? LostBecause);

/// <summary>Everything the progress display shows at one moment.</summary>
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

    /// <summary>Null while unknown.</summary>
    public TimeSpan? Remaining { get; init; }

    public RunPaused? Paused { get; init; }

    public ImmutableArray<ParticipantStatus> Workers { get; init; } = [];
}
