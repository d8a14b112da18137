using System.Collections.Immutable;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>
/// What a simulated cluster is made of: one coordinator and its workers in a star, every machine with one full-duplex
/// network interface of the same bandwidth.
/// </summary>
public sealed record ClusterModel
{
    /// <summary>Machines at the start, each one worker.</summary>
    public required int Workers { get; init; }

    /// <summary>Rows a second of one undisturbed worker.</summary>
    public required double RowsPerSecond { get; init; }

    /// <summary>Speeds of the machines relative to <see cref="RowsPerSecond"/>; those beyond the list run at 1.</summary>
    public ImmutableArray<double> RelativeSpeeds { get; init; } = [];

    /// <summary>Largest relative deviation of a computation's time.</summary>
    public double Noise { get; init; }

    /// <summary>Time a shard costs beyond its rows: its gradient is written once more.</summary>
    public TimeSpan ShardOverhead { get; init; }

    /// <summary>Bytes a second through a network interface, each way.</summary>
    public double Bandwidth { get; init; } = 1.25e9;

    /// <summary>Time a byte is on the way.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>Largest additional time on the way, drawn for each message; connections overtake each other by it.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Bytes of the weights; sent to a worker once a step, with its first shards.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Bytes of one sum of gradients.</summary>
    public long GradientBytes { get; init; }

    /// <summary>Bytes of one sum of an evaluation.</summary>
    public long EvaluationBytes { get; init; } = 512;

    /// <summary>Bytes of anything else: an order for shards, the header of a tensor.</summary>
    public long HeaderBytes { get; init; } = 64;

    /// <summary>The coordinator's time to add one more sum to a step's.</summary>
    public TimeSpan AddTime { get; init; }

    /// <summary>The coordinator's time for the optimizer step.</summary>
    public TimeSpan OptimizerTime { get; init; }

    /// <summary>The coordinator's clock.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>After this much silence the coordinator closes a link.</summary>
    public TimeSpan FailureDetection { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A worker without a link tries again after this much time.</summary>
    public TimeSpan ReconnectInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Time until a checkpoint is safely on disk.</summary>
    public TimeSpan CheckpointTime { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The machine's speed in rows a second.</summary>
    public double SpeedOf(int machine) =>
        RowsPerSecond * (machine < RelativeSpeeds.Length ? RelativeSpeeds[machine] : 1);

    /// <summary>Time of so many bytes through a network interface.</summary>
    public TimeSpan TransferTime(long bytes) => TimeSpan.FromSeconds(bytes / Bandwidth);
}
