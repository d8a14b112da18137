using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>Constructor parameters of <see cref="CoordinatorActor"/>. All resources belong to the session and outlive the actor.</summary>
internal sealed record CoordinatorSetup
{
    /// <summary>Settings of the state machine.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>Resources of the workers in this process.</summary>
    public required WorkerSetup Workers { get; init; }

    /// <summary>Number of workers in this process.</summary>
    public required int LocalWorkers { get; init; }

    /// <summary>Resources of the proxies of remote nodes; null: none can join.</summary>
    public RemoteSetup? Remote { get; init; }

    /// <summary>Longest time until enough workers have joined to start; null: no limit.</summary>
    public TimeSpan? StartTimeout { get; init; }

    /// <summary>Model state and optimizer state; only the actor touches it during the run.</summary>
    public required TrainingState State { get; init; }

    /// <summary>Best evaluation of earlier terms; null for a new run.</summary>
    public SelectionState? Selection { get; init; }

    /// <summary>Steps of earlier terms since the last evaluation: they count in the means of the epoch.</summary>
    public IReadOnlyList<StepPoint> EpochSoFar { get; init; } = [];

    /// <summary>Offsets of the tensors and metrics.</summary>
    public required ParameterLayout Layout { get; init; }

    /// <summary>Writer of the checkpoints; null: none are written.</summary>
    public CheckpointWriter? Checkpoints { get; init; }

    /// <summary>Observers of the run's events, called on the actor's thread.</summary>
    public IReadOnlyList<IRunObserver> Observers { get; init; } = [];

    /// <summary>Called on every tick as a heartbeat; null: no heartbeat.</summary>
    public Action? Heartbeat { get; init; }

    /// <summary>Clock of the run.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Completed when the run has ended.</summary>
    public required TaskCompletionSource<RunReport> Ended { get; init; }
}

/// <summary>Result of a run.</summary>
/// <param name="Outcome">Completed, interrupted or failed.</param>
/// <param name="Final">Last state of the state machine.</param>
/// <param name="LastEpoch">The last evaluated epoch; null if none was.</param>
/// <param name="RemoteWorkers">Number of workers of the nodes whose results were used.</param>
internal sealed record RunReport(RunOutcome Outcome, RunState Final, EpochCompleted? LastEpoch, int RemoteWorkers)
{
    /// <summary>The last checkpoint that this term stored; null if it stored none.</summary>
    public CheckpointStored? LastCheckpoint { get; init; }

    /// <summary>The last checkpoint that this term could not store; null if there is none.</summary>
    public CheckpointNotStored? LastCheckpointFailure { get; init; }
}

/// <summary>Requests the end of the run at the next step boundary.</summary>
internal sealed record StopTraining;
