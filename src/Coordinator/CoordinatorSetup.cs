using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>What a coordinator runs with. Everything in it belongs to whoever started the run and outlives the actor.</summary>
public sealed record CoordinatorSetup
{
    /// <summary>The state machine's settings.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>What workers in this process compute with.</summary>
    public required WorkerSetup Workers { get; init; }

    /// <summary>How many workers in this process.</summary>
    public required int LocalWorkers { get; init; }

    /// <summary>What workers of other processes need; null where none can join.</summary>
    public RemoteSetup? Remote { get; init; }

    /// <summary>How long the run waits for enough workers to begin; null: for ever.</summary>
    public TimeSpan? StartTimeout { get; init; }

    /// <summary>Weights and optimizer; touched by the actor alone while the run goes on.</summary>
    public required TrainingState State { get; init; }

    /// <summary>Where each metric lies.</summary>
    public required ParameterLayout Layout { get; init; }

    /// <summary>Where checkpoints go; null: nowhere.</summary>
    public CheckpointWriter? Checkpoints { get; init; }

    /// <summary>Who is told what happens.</summary>
    public IReadOnlyList<IRunObserver> Observers { get; init; } = [];

    /// <summary>Called whenever the actor has had a look at its clock; null: nobody wants to know that it lives.</summary>
    public Action? Heartbeat { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives how the run ended.</summary>
    public required TaskCompletionSource<RunReport> Ended { get; init; }
}

/// <summary>How a run ended and what it took.</summary>
/// <param name="Outcome">Completed, interrupted or failed.</param>
/// <param name="Final">What the state machine remembers.</param>
/// <param name="LastEpoch">The last evaluated epoch; null if none was.</param>
/// <param name="RemoteSlots">Slots of the nodes whose results were used.</param>
public sealed record RunReport(RunOutcome Outcome, RunState Final, EpochCompleted? LastEpoch, int RemoteSlots);

/// <summary>Asks the coordinator to end the run at the next step boundary.</summary>
public sealed record StopTraining;
