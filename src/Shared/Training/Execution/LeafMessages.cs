using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// Asks a worker for the sums over a range of shards. The message carries one reference to the weights, which the
/// receiver releases when it is done with them.
/// </summary>
/// <param name="Round">The round the shards belong to.</param>
/// <param name="Shards">The shards.</param>
/// <param name="Parameters">Parameters and running statistics after <c>Round.Step</c> steps; nobody writes to them.</param>
public abstract record ShardWork(RoundId Round, ShardRange Shards, RefCountedBuffer Parameters);

/// <summary>Asks for sums of gradients over shards of a minibatch; answered by <see cref="GradientComputed"/>.</summary>
public sealed record ComputeGradient(RoundId Round, ShardRange Shards, RefCountedBuffer Parameters) : ShardWork(Round, Shards, Parameters);

/// <summary>Asks for loss, right answers and confusion counts over shards of a data set; answered by <see cref="EvaluationComputed"/>.</summary>
public sealed record ComputeEvaluation(RoundId Round, ShardRange Shards, RefCountedBuffer Parameters) : ShardWork(Round, Shards, Parameters);

/// <summary>
/// The sum over all shards of one subtree: one message for every maximal subtree of the range that was asked for. The
/// message carries the only reference to the sum.
/// </summary>
public abstract record SubtreeResult(ParticipantId Participant, RoundId Round, SubtreeId Subtree, RefCountedBuffer Sum)
{
    /// <summary>How long the worker computed on it, waiting left out; null where that is not known.</summary>
    public TimeSpan? Computing { get; init; }
}

/// <summary>A sum of gradients, in the layout's order, statistics and metrics behind.</summary>
public sealed record GradientComputed(ParticipantId Participant, RoundId Round, SubtreeId Subtree, RefCountedBuffer Sum) : SubtreeResult(Participant, Round, Subtree, Sum);

/// <summary>A sum of evaluation metrics.</summary>
public sealed record EvaluationComputed(ParticipantId Participant, RoundId Round, SubtreeId Subtree, RefCountedBuffer Sum) : SubtreeResult(Participant, Round, Subtree, Sum);

/// <summary>A worker holds data and network and waits for work.</summary>
public sealed record ParticipantStarted(ParticipantId Participant);

/// <summary>A worker could not compute these shards and goes on with the next.</summary>
public sealed record ShardWorkFailed(ParticipantId Participant, RoundId Round, ShardRange Shards, string Error);
