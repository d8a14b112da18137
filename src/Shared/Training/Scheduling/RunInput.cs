using NnCluster.Model;

namespace NnCluster.Training;

/// <summary>Input of <see cref="TrainingRun"/>: one thing that happened.</summary>
internal abstract record RunInput;

/// <summary>A participant has the data set and the model and can compute.</summary>
/// <param name="Participant">Id of the participant.</param>
/// <param name="Workers">Number of its workers.</param>
internal sealed record ParticipantReady(ParticipantId Participant, int Workers = 1) : RunInput;

/// <summary>A participant is lost: its link broke, its actor ended, or the cluster cannot reach it.</summary>
internal sealed record ParticipantGone(ParticipantId Participant, LossCause Cause, string Reason) : RunInput;

/// <summary>
/// The partial sum of a subtree arrived. It is added only if the transition contains <see cref="AcceptResult"/>.
/// </summary>
/// <param name="Participant">Participant that computed it.</param>
/// <param name="Round">Round that it belongs to.</param>
/// <param name="Subtree">Position in the reduction tree.</param>
/// <param name="ComputeTime">
/// Time spent computing it. Null: unknown, and the time since the assignment stands for it, so that a participant behind a busy
/// network looks slow.
/// </param>
internal sealed record ResultArrived(ParticipantId Participant, RoundId Round, SubtreeId Subtree, TimeSpan? ComputeTime = null) : RunInput;

/// <summary>A participant could not compute shards.</summary>
internal sealed record AssignmentFailed(ParticipantId Participant, RoundId Round, ShardRange Shards, string Error) : RunInput;

/// <summary>The optimizer step of a complete minibatch was taken.</summary>
/// <param name="Step">Steps taken now.</param>
/// <param name="Diagnosis">Names the value that is not finite; null if all are.</param>
internal sealed record StepTaken(long Step, string? Diagnosis) : RunInput;

/// <summary>A complete evaluation was reduced.</summary>
internal sealed record EvaluationTaken(RoundId Round, EvaluationResult Result) : RunInput;

/// <summary>A checkpoint is on disk.</summary>
/// <param name="Took">Time it took to write.</param>
internal sealed record CheckpointMade(TimeSpan Took) : RunInput;

/// <summary>Time passed; deadlines are checked.</summary>
internal sealed record Tick : RunInput
{
    /// <summary>The only instance.</summary>
    public static readonly Tick Now = new();
}

/// <summary>The user asks the run to end at the next step boundary.</summary>
internal sealed record StopRequested : RunInput;

/// <summary>The run cannot continue, for instance because its metrics cannot be written.</summary>
/// <param name="Cause">Cause, for programs.</param>
/// <param name="Reason">Cause, one line.</param>
internal sealed record RunAborted(RunFailureCause Cause, string Reason) : RunInput;
