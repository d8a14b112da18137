using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>Everything that <see cref="TrainingRun"/> knows of a run.</summary>
internal sealed record RunSettings
{
    /// <summary>Steps of the whole run.</summary>
    public required long TotalSteps { get; init; }

    /// <summary>
    /// Steps after which each epoch is complete; rising, the last equals <see cref="TotalSteps"/>. Where the last rows fill no batch, the
    /// last two epochs may end with the same step.
    /// </summary>
    public required ImmutableArray<long> EpochEnds { get; init; }

    /// <summary>Reduction trees of the rounds.</summary>
    public required RoundTrees Trees { get; init; }

    /// <summary>Epochs from one evaluation to the next; the last epoch is always evaluated.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>Choice of the result among the evaluated states, and early stopping; null: none. It needs validation rows.</summary>
    public ModelSelection? Selection { get; init; }

    /// <summary>Accuracy at which the run ends early, of the validation rows or else of the test rows; null: none.</summary>
    public double? TargetAccuracy { get; init; }

    /// <summary>Step after which the run ends as if interrupted; null: none.</summary>
    public long? StopAfter { get; init; }

    /// <summary>Workers that must be there for the run to compute; a node counts with all its workers.</summary>
    public int MinWorkers { get; init; } = 1;

    /// <summary>Workers that must be there before the first round; 0: <see cref="MinWorkers"/>.</summary>
    public int StartWorkers { get; init; }

    /// <summary>Steps between checkpoints; null: by <see cref="CheckpointShare"/> and <see cref="CheckpointInterval"/>.</summary>
    public long? CheckpointEvery { get; init; }

    /// <summary>
    /// Largest share of the time since the last checkpoint that writing one at the end of an epoch may take. Epochs too short
    /// for that end without a checkpoint.
    /// </summary>
    public double CheckpointShare { get; init; } = 0.02;

    /// <summary>Longest time between checkpoints by default: the work that a lost coordinator costs.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Timeouts and limits of recovery.</summary>
    public RecoveryOptions Recovery { get; init; } = new();

    /// <summary>Workers that the run needs to compute, before and after its first round.</summary>
    public int WorkersNeeded(bool hasStarted) => hasStarted ? MinWorkers : Math.Max(MinWorkers, StartWorkers);

    /// <summary>Epochs that are complete after <paramref name="step"/> steps.</summary>
    public int EpochsThrough(long step) => EpochsBefore(step + 1);

    /// <summary>The step after which the epoch of step <paramref name="step"/> (from 1) began.</summary>
    public long EpochStart(long step) => EpochsBefore(step) is var epochs and > 0 ? EpochEnds[epochs - 1] : 0;

    /// <summary>Evaluations that are due when <paramref name="epochs"/> epochs are complete.</summary>
    public ImmutableArray<RoundKind> EvaluationsAfter(int epochs) =>
        epochs % EvaluateEvery != 0 && epochs < EpochEnds.Length ? []
        : Trees.Validation is null ? [RoundKind.Test]
        : [RoundKind.Test, RoundKind.Validation];

    /// <summary>Epochs that end before a step; a run may have a million.</summary>
    private int EpochsBefore(long step)
    {
        (int low, int high) = (0, EpochEnds.Length);
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = EpochEnds[middle] < step ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
