using NnCluster.Model;

namespace NnCluster.Training;

/// <summary>Effect of a decision of <see cref="TrainingRun"/>: one thing that the caller carries out.</summary>
internal abstract record RunEffect;

/// <summary>Ask a participant for shards, with the model state of the round.</summary>
internal sealed record AssignShards(ParticipantId Participant, RoundId Round, ShardRange Shards) : RunEffect;

/// <summary>Put the partial sum that arrived with the input into the round's sums.</summary>
internal sealed record AcceptResult(SubtreeId Subtree) : RunEffect;

/// <summary>Release the partial sum that arrived with the input.</summary>
internal sealed record DropResult(DropCause Cause, string Reason) : RunEffect;

/// <summary>Every shard of the minibatch is covered: reduce, take the optimizer step, then feed <see cref="StepTaken"/>.</summary>
internal sealed record TakeStep(RoundId Round) : RunEffect;

/// <summary>Every shard of the evaluation is covered: reduce, then feed <see cref="EvaluationTaken"/>.</summary>
internal sealed record TakeEvaluation(RoundId Round) : RunEffect;

/// <summary>Release the sums of a round that will not be completed.</summary>
internal sealed record AbandonRound(RoundId Round) : RunEffect;

/// <summary>Write a checkpoint of the state after the step.</summary>
internal sealed record WriteCheckpoint(long Step, SelectionState Selection) : RunEffect;

/// <summary>Keep the model state after the step as the best one, in place of the one kept before.</summary>
internal sealed record KeepModelState(long Step) : RunEffect;

/// <summary>Report an epoch and its evaluations.</summary>
internal sealed record ReportEpoch(int Epoch, EvaluationResult Test, EvaluationResult? Validation) : RunEffect;

/// <summary>Disconnect a participant that failed repeatedly; the run has removed it.</summary>
internal sealed record RefuseParticipant(ParticipantId Participant, string Reason) : RunEffect;

/// <summary>Send an event to the observers.</summary>
internal sealed record Publish(RunEvent Event) : RunEffect;

/// <summary>The run has ended; no later input changes its state.</summary>
internal sealed record EndRun(RunOutcome Outcome) : RunEffect;

/// <summary>Outcome of a run.</summary>
/// <param name="Interrupted">True if it was asked to end early.</param>
/// <param name="Failure">Reason why it could not continue; null if it did not fail.</param>
internal sealed record RunOutcome(bool Interrupted, string? Failure)
{
    /// <summary>Cause of the failure, for programs; null if the run did not fail.</summary>
    public RunFailureCause? Cause { get; init; }

    /// <summary>All steps were taken, the target accuracy was reached, or the run stopped early.</summary>
    public static readonly RunOutcome Completed = new(false, null);

    /// <summary>The run failed.</summary>
    /// <param name="cause">Cause, for programs.</param>
    /// <param name="text">Cause, one line.</param>
    public static RunOutcome Failed(RunFailureCause cause, string text) => new(false, text) { Cause = cause };
}
