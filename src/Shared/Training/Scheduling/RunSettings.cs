using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>When the run stops waiting for a worker.</summary>
public sealed record RecoveryPolicy
{
    /// <summary>
    /// For workers that are threads of this process: they do not vanish, and on a busy machine a second copy of their
    /// work would only add to what holds them up.
    /// </summary>
    public static readonly RecoveryPolicy InProcess = new()
    {
        MinDeadline = TimeSpan.FromSeconds(10),
        MinStraggler = TimeSpan.FromSeconds(2),
    };

    /// <summary>A worker that has not answered after this many median rounds is passed over …</summary>
    public double DeadlineFactor { get; init; } = 4;

    /// <summary>… but never sooner than this.</summary>
    public TimeSpan MinDeadline { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The deadline while no round has been measured.</summary>
    public TimeSpan FirstDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where no other worker answers either, shards are asked for again after this many deadlines.</summary>
    public double LastResortFactor { get; init; } = 8;

    /// <summary>Shards that are late by this many median rounds are given to an idle worker as well …</summary>
    public double StragglerFactor { get; init; } = 2;

    /// <summary>… but never sooner than this.</summary>
    public TimeSpan MinStraggler { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Errors in a row after which a worker is refused.</summary>
    public int MaxFailures { get; init; } = 3;

    /// <summary>Ranges are cut anew when that shortens the round by at least this share.</summary>
    public double RebalanceThreshold { get; init; } = 0.1;
}

/// <summary>All that <see cref="TrainingRun"/> knows of a run.</summary>
public sealed record RunSettings
{
    /// <summary>Steps of the whole run.</summary>
    public required long TotalSteps { get; init; }

    /// <summary>For each epoch, the number of steps after which it is complete; strictly rising, the last is the total.</summary>
    public required ImmutableArray<long> EpochEnds { get; init; }

    /// <summary>How a minibatch is cut.</summary>
    public required ReductionTree Minibatch { get; init; }

    /// <summary>How the test rows are cut.</summary>
    public required ReductionTree Test { get; init; }

    /// <summary>How the held-out rows are cut; null where none are.</summary>
    public ReductionTree? Validation { get; init; }

    /// <summary>Evaluate after every n-th epoch, and after the last.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>Stop at the first evaluation that reaches this accuracy (of the held-out rows, where there are some).</summary>
    public double? TargetAccuracy { get; init; }

    /// <summary>End as if interrupted when so many steps are taken; null: never.</summary>
    public long? StopAfter { get; init; }

    /// <summary>Below this many workers nothing is computed; every slot of a node is one.</summary>
    public int MinWorkers { get; init; } = 1;

    /// <summary>So many must be there before the first round; 0: <see cref="MinWorkers"/>.</summary>
    public int StartWorkers { get; init; }

    /// <summary>Below this many workers nothing is computed.</summary>
    public int WorkersNeeded(bool begun) => begun ? MinWorkers : Math.Max(MinWorkers, StartWorkers);

    /// <summary>Write a checkpoint every n steps; null: as <see cref="CheckpointShare"/> and <see cref="CheckpointInterval"/> say.</summary>
    public long? CheckpointEvery { get; init; }

    /// <summary>
    /// A checkpoint at the end of an epoch may take this share of the time since the one before: where epochs are so
    /// short that writing would take more, some pass without.
    /// </summary>
    public double CheckpointShare { get; init; } = 0.02;

    /// <summary>The most work that a lost coordinator costs by default.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>When the run stops waiting for a worker.</summary>
    public RecoveryPolicy Recovery { get; init; } = new();

    /// <summary>What is evaluated when so many epochs are complete.</summary>
    public ImmutableArray<RoundKind> EvaluationsAfter(int epochs) =>
        epochs % EvaluateEvery != 0 && epochs < EpochEnds.Length ? []
        : Validation is null ? [RoundKind.Test]
        : [RoundKind.Test, RoundKind.Validation];

    /// <summary>How the rows of a kind of round are cut.</summary>
    public ReductionTree TreeOf(RoundKind kind) => kind switch
    {
        RoundKind.Gradient => Minibatch,
        RoundKind.Test => Test,
        RoundKind.Validation => Validation ?? throw new InvalidOperationException("No rows are held out."),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
