using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>What <see cref="TrainingRun"/> wants done.</summary>
public abstract record RunEffect;

/// <summary>Send the work to the worker, with the weights of the round.</summary>
public sealed record AssignShards(ParticipantId Participant, RoundId Round, ShardRange Shards) : RunEffect;

/// <summary>Put the sum that just arrived into the tree.</summary>
public sealed record AcceptResult(SubtreeId Subtree) : RunEffect;

/// <summary>Do not use the sum that just arrived.</summary>
public sealed record DropResult(string Reason) : RunEffect;

/// <summary>Every shard of the minibatch is there: take the optimizer step, then say <see cref="StepTaken"/>.</summary>
public sealed record TakeStep(RoundId Round) : RunEffect;

/// <summary>Every shard of the evaluation is there: add it up, then say <see cref="EvaluationTaken"/>.</summary>
public sealed record TakeEvaluation(RoundId Round) : RunEffect;

/// <summary>Forget the sums of a round that will not be finished.</summary>
public sealed record AbandonRound(RoundId Round) : RunEffect;

/// <summary>Write down the state after the step.</summary>
public sealed record WriteCheckpoint(long Step) : RunEffect;

/// <summary>An evaluated epoch is over.</summary>
public sealed record ReportEpoch(int Epoch, EvaluationResult Test, EvaluationResult? Validation) : RunEffect;

/// <summary>A worker that fails again and again is let go for good; the run has forgotten it.</summary>
public sealed record RefuseParticipant(ParticipantId Participant, string Reason) : RunEffect;

/// <summary>Tell the observers.</summary>
public sealed record Publish(RunEvent Event) : RunEffect;

/// <summary>The run is over; no input changes anything any more.</summary>
public sealed record EndRun(RunOutcome Outcome) : RunEffect;

/// <summary>How a run ended: <paramref name="Failure"/> says why it did not reach its end, if it did not.</summary>
public sealed record RunOutcome(bool Interrupted, string? Failure)
{
    /// <summary>All steps were taken, or the target was reached.</summary>
    public static readonly RunOutcome Completed = new(false, null);
}
