using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>What <see cref="TrainingRun"/> is told.</summary>
public abstract record RunInput;

/// <summary>A worker holds data and network and can compute; a node of several slots is one worker that counts as many.</summary>
public sealed record ParticipantReady(ParticipantId Participant, int Workers = 1) : RunInput;

/// <summary>A worker's link broke, its actor ended, or the cluster cannot reach it.</summary>
public sealed record ParticipantGone(ParticipantId Participant, string Reason) : RunInput;

/// <summary>
/// A subtree's sum has arrived. It is added only if the answer holds <see cref="AcceptResult"/>. <paramref name="Computing"/>
/// is the time the worker spent on it; where it is not known, the time since the shards were assigned stands for it, and
/// a worker that waits for a busy network looks slow.
/// </summary>
public sealed record ResultArrived(ParticipantId Participant, RoundId Round, SubtreeId Subtree, TimeSpan? Computing = null) : RunInput;

/// <summary>A worker could not compute shards.</summary>
public sealed record ShardsFailed(ParticipantId Participant, RoundId Round, ShardRange Shards, string Error) : RunInput;

/// <summary>The optimizer step of a complete minibatch is taken. <paramref name="Diagnosis"/> names what is not finite, if anything.</summary>
public sealed record StepTaken(long Step, string? Diagnosis) : RunInput;

/// <summary>A complete evaluation is added up.</summary>
public sealed record EvaluationTaken(RoundId Round, EvaluationResult Result) : RunInput;

/// <summary>A checkpoint is on disk, and writing it took so long.</summary>
public sealed record CheckpointMade(TimeSpan Took) : RunInput;

/// <summary>Time has passed.</summary>
public sealed record Tick : RunInput
{
    /// <summary>The only one needed.</summary>
    public static readonly Tick Now = new();
}

/// <summary>The run is asked to end at the next step boundary.</summary>
public sealed record StopRequested : RunInput;

/// <summary>Something the run cannot go on without is gone, such as the disk its metrics go to.</summary>
public sealed record RunAborted(string Reason) : RunInput;
