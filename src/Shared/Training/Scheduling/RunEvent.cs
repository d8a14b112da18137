using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>What observers of a run (progress, run directory, dashboard) are told, in order. Times are since the start.</summary>
public abstract record RunEvent
{
    /// <summary>Time since the run started.</summary>
    public TimeSpan At { get; init; }
}

/// <summary>The run is set up and its first step is about to be given out.</summary>
public sealed record RunStarted(string Name, int Parameters, long TotalSteps, int Epochs, int BatchSize, int Shards, string Blas, ulong Seed) : RunEvent;

/// <summary>A worker can compute.</summary>
public sealed record ParticipantJoined(string Participant) : RunEvent;

/// <summary>A worker is gone or no longer used.</summary>
public sealed record ParticipantLost(string Participant, string Reason) : RunEvent;

/// <summary>Shards that a worker held were given to others, or to others as well.</summary>
public sealed record ShardsReassigned(long Step, int Shards, string From, string Reason) : RunEvent;

/// <summary>A minibatch or an evaluation of which shards were given out again is complete all the same.</summary>
public sealed record ShardsRecovered(long Step, int Shards) : RunEvent;

/// <summary>The first step since this life of the coordinator began is taken.</summary>
public sealed record FirstStepTaken(long Step) : RunEvent;

/// <summary>An optimizer step was taken. <see cref="Step"/> counts from 1; loss and accuracy are those of its minibatch.</summary>
public sealed record StepCompleted(long Step, double Epoch, float Loss, float BatchAccuracy, float LearningRate, float GradientNorm, double Seconds) : RunEvent;

/// <summary>A data set was evaluated after <see cref="Epoch"/> epochs.</summary>
public sealed record EpochCompleted(int Epoch, long Step, float TrainLoss, float TrainAccuracy, EvaluationResult Test, EvaluationResult? Validation, float? DeadUnits, double TrainSeconds) : RunEvent;

/// <summary>A checkpoint is on disk.</summary>
public sealed record CheckpointWritten(long Step, string Path) : RunEvent;

/// <summary>A checkpoint could not be written; the run goes on, and the previous one stays.</summary>
public sealed record CheckpointFailed(long Step, string Reason) : RunEvent;

/// <summary>Too few workers: nothing is computed until enough are back.</summary>
public sealed record RunPaused(int Workers, int Needed) : RunEvent;

/// <summary>Enough workers are back.</summary>
public sealed record RunContinued(int Workers) : RunEvent;

/// <summary>Shards finished by each worker since the last report, for the progress display.</summary>
public sealed record ParticipantProgress(string Participant, long Shards, long Rows) : RunEvent;

/// <summary>The run ended; <see cref="Interrupted"/> when it was asked to stop early.</summary>
public sealed record RunEnded(bool Interrupted, string? Failure) : RunEvent;
