using NnCluster.Model;

namespace NnCluster.Training;

/// <summary>An event of a run, as observers (progress display, run directory, health) receive it, in order of occurrence.</summary>
public abstract record RunEvent
{
    /// <summary>Time since this term of the coordinator started. Zero for events that were read from <c>metrics.jsonl</c>.</summary>
    public TimeSpan At { get; init; }
}

/// <summary>A term of a run started. The first event of every term.</summary>
/// <param name="Name">Display name: the name of the run directory, empty if the run leaves none.</param>
/// <param name="RunId">Identity of the run, the same in all of its terms: 32 hexadecimal digits.</param>
/// <param name="Term">Term of the coordinator, from 1; every resume increments it.</param>
/// <param name="ResumedFromStep">Step of the checkpoint that the run resumes from; null for a new run.</param>
/// <param name="Parameters">Number of learned parameters.</param>
/// <param name="TotalSteps">Optimizer steps of the whole run.</param>
/// <param name="Epochs">Epochs of the whole run.</param>
/// <param name="BatchSize">Rows of a minibatch.</param>
/// <param name="Shards">Shards of a minibatch.</param>
/// <param name="Blas">Name of the BLAS backend of the coordinator.</param>
/// <param name="Seed">Seed of the run.</param>
public sealed record RunStarted(
    string Name,
    string RunId,
    long Term,
    long? ResumedFromStep,
    int Parameters,
    long TotalSteps,
    int Epochs,
    int BatchSize,
    int Shards,
    string Blas,
    ulong Seed) : RunEvent;

/// <summary>A participant can compute.</summary>
/// <param name="Participant">Name of the participant; of a node with its incarnation, such as <c>node-3.2</c>.</param>
public sealed record ParticipantJoined(string Participant) : RunEvent;

/// <summary>A participant is lost, or refused.</summary>
/// <param name="Participant">Name of the participant.</param>
/// <param name="Cause">Cause of the loss.</param>
/// <param name="Reason">The cause in words, one line.</param>
public sealed record ParticipantLost(string Participant, LossCause Cause, string Reason) : RunEvent;

/// <summary>Shards in flight at a participant were assigned to others, or to others as well.</summary>
/// <param name="Step">Step that is being computed, from 1.</param>
/// <param name="Shards">Number of shards.</param>
/// <param name="From">Name of the participant that the shards were assigned to before.</param>
/// <param name="Cause">Cause of the reassignment.</param>
/// <param name="Reason">The cause in words, one line.</param>
public sealed record ShardsReassigned(long Step, int Shards, string From, ReassignCause Cause, string Reason) : RunEvent;

/// <summary>A round completed after some of its shards had been reassigned.</summary>
/// <param name="Step">Step of the round, from 1.</param>
/// <param name="Shards">Number of shards of the round that were reassigned.</param>
public sealed record ShardsRecovered(long Step, int Shards) : RunEvent;

/// <summary>The first step of this term was applied.</summary>
/// <param name="Step">Number of the step, from 1.</param>
public sealed record FirstStepTaken(long Step) : RunEvent;

/// <summary>An optimizer step was applied.</summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Epoch">Epochs after the step, with their fraction: rows trained on ÷ training rows.</param>
/// <param name="Loss">Mean loss over the minibatch, before the step.</param>
/// <param name="BatchAccuracy">Accuracy on the minibatch in [0, 1], before the step; NaN for regression.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
/// <param name="GradientNorm">2-norm of the mean gradient, penalties included, before it is clipped.</param>
/// <param name="Seconds">Time from the first assignment of the step to its end, in seconds.</param>
public sealed record StepCompleted(
    long Step, double Epoch, float Loss, float BatchAccuracy, float LearningRate, float GradientNorm, double Seconds) : RunEvent
{
    /// <summary>Where the time of the step went; zero for events that were read from <c>metrics.jsonl</c>.</summary>
    public StepPhases Phases { get; init; }
}

/// <summary>The model was evaluated after an epoch.</summary>
/// <param name="Epoch">Epochs completed.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="TrainLoss">Mean loss of the minibatches since the last evaluation.</param>
/// <param name="TrainAccuracy">Mean accuracy of the minibatches since the last evaluation, in [0, 1]; NaN for regression.</param>
/// <param name="Test">Result on the test rows.</param>
/// <param name="Validation">Result on the rows held out; null if none are.</param>
/// <param name="DeadUnits">
/// Fraction in [0, 1] of the ReLU units that were 0 for every row of the epoch; null for networks without ReLU, and for an
/// epoch that this term did not compute from its first step on.
/// </param>
/// <param name="TrainSeconds">Training time of this term so far, evaluations excluded, in seconds.</param>
public sealed record EpochCompleted(
    int Epoch,
    long Step,
    float TrainLoss,
    float TrainAccuracy,
    EvaluationResult Test,
    EvaluationResult? Validation,
    float? DeadUnits,
    double TrainSeconds) : RunEvent;

/// <summary>Training stops before its last epoch, since the loss on the validation rows did not improve.</summary>
/// <param name="Epoch">Epochs completed.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="BestEpoch">Epoch after which the loss on the validation rows was least.</param>
/// <param name="BestStep">Step of that evaluation.</param>
public sealed record StoppedEarly(int Epoch, long Step, int BestEpoch, long BestStep) : RunEvent;

/// <summary>A checkpoint is on disk.</summary>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="Path">Absolute path of the file.</param>
public sealed record CheckpointWritten(long Step, string Path) : RunEvent
{
    /// <summary>Time of writing it, in seconds; null where it was not measured.</summary>
    public double? Seconds { get; init; }
}

/// <summary>A checkpoint could not be written. The run continues, and the previous checkpoint stays.</summary>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="Reason">Error of the file system, one line.</param>
public sealed record CheckpointFailed(long Step, string Reason) : RunEvent;

/// <summary>Too few workers are left: nothing is computed until enough are back.</summary>
/// <param name="Workers">Workers present; a node counts with all of its workers.</param>
/// <param name="Needed">Workers needed.</param>
public sealed record RunPaused(int Workers, int Needed) : RunEvent;

/// <summary>Enough workers are back after a pause.</summary>
/// <param name="Workers">Workers present; a node counts with all of its workers.</param>
public sealed record RunContinued(int Workers) : RunEvent;

/// <summary>Work of a participant since its last report, which the progress display adds up.</summary>
/// <param name="Participant">Name of the participant.</param>
/// <param name="Shards">Shards whose sums were used.</param>
/// <param name="Rows">Rows of those shards.</param>
public sealed record ParticipantProgress(string Participant, long Shards, long Rows) : RunEvent
{
    /// <summary>Time computed on those shards, in seconds.</summary>
    public double ComputeSeconds { get; init; }
}

/// <summary>A term of a run ended. The last event of every term that was not killed.</summary>
/// <param name="Outcome">How the run ended.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="Reason">Cause of a failure, one line; null otherwise.</param>
public sealed record RunEnded(RunOutcomeKind Outcome, long Step, string? Reason) : RunEvent
{
    /// <summary>The event for the outcome of a run after <paramref name="step"/> steps.</summary>
    internal static RunEnded From(RunOutcome outcome, long step) => new(
        outcome.Failure is not null ? RunOutcomeKind.Failed : outcome.Interrupted ? RunOutcomeKind.Interrupted : RunOutcomeKind.Completed,
        step,
        outcome.Failure);
}
