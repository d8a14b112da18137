using System.Collections.Immutable;

namespace NnCluster.Simulation;

/// <summary>
/// Model of a cluster: one coordinator and its workers in a star; every machine has one full-duplex network interface of the same
/// bandwidth.
/// </summary>
internal sealed record ClusterModel
{
    /// <summary>Worker machines at the start, each with one worker.</summary>
    public required int Workers { get; init; }

    /// <summary>Speed of one undisturbed worker, in rows/s.</summary>
    public required double RowsPerSecond { get; init; }

    /// <summary>Speeds of the machines relative to <see cref="RowsPerSecond"/>; 1 for machines beyond the list.</summary>
    public ImmutableArray<double> RelativeSpeeds { get; init; } = [];

    /// <summary>Largest relative deviation of a computation time.</summary>
    public double Noise { get; init; }

    /// <summary>Time of a shard in addition to its rows: its gradient is written once more.</summary>
    public TimeSpan ShardOverhead { get; init; }

    /// <summary>Bandwidth of a network interface, in bytes/s each way.</summary>
    public double Bandwidth { get; init; } = 1.25e9;

    /// <summary>One-way latency.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>Largest additional latency, drawn for each message; reorders messages of different connections.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Bytes of the model state; sent to a worker once a step, with its first shards.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Bytes of one partial sum of gradients.</summary>
    public long GradientBytes { get; init; }

    /// <summary>Bytes of one partial sum of an evaluation.</summary>
    public long EvaluationBytes { get; init; } = 512;

    /// <summary>Bytes of any other message, and of the header of a tensor.</summary>
    public long HeaderBytes { get; init; } = 64;

    /// <summary>Time of the coordinator to add one partial sum.</summary>
    public TimeSpan AddTime { get; init; }

    /// <summary>Time of the coordinator for the optimizer step.</summary>
    public TimeSpan OptimizerTime { get; init; }

    /// <summary>Time between two ticks of the coordinator.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Silence after which the coordinator closes a data link.</summary>
    public TimeSpan FailureDetection { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two attempts of a worker to connect.</summary>
    public TimeSpan ReconnectInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Time to write a checkpoint.</summary>
    public TimeSpan CheckpointTime { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Speed of a machine, in rows/s.</summary>
    public double SpeedOf(int machine) =>
        RowsPerSecond * (machine < RelativeSpeeds.Length ? RelativeSpeeds[machine] : 1);

    /// <summary>Time of <paramref name="bytes"/> through a network interface.</summary>
    public TimeSpan TransferTime(long bytes) => TimeSpan.FromSeconds(bytes / Bandwidth);
}
