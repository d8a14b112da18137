using NnCluster.Memory;

namespace NnCluster.Training;

/// <summary>
/// Asks a worker for the partial sums over a range of shards: gradients in a training step; losses, correct answers and
/// confusion counts in an evaluation. Answered by one <see cref="SubtreeComputed"/> for every maximal subtree of the range,
/// or by <see cref="ShardsFailed"/>.
/// </summary>
/// <param name="Round">Round that the shards belong to.</param>
/// <param name="Shards">Shards to compute.</param>
/// <param name="ModelState">
/// Parameters and running statistics after <c>Round.Step</c> steps, read-only. The message carries one reference; the
/// receiver releases it when it has computed.
/// </param>
public sealed record ComputeShards(RoundId Round, ShardRange Shards, RefCountedBuffer ModelState);

/// <summary>The partial sum over all shards of one subtree, in the layout's order. The message carries its only reference.</summary>
/// <param name="Participant">Worker that computed it.</param>
/// <param name="Round">Round that the sum belongs to; its kind decides between gradients and evaluation metrics.</param>
/// <param name="Subtree">Position in the reduction tree.</param>
/// <param name="Sum">
/// Gradient, running statistics and metrics (the layout's gradient length), or evaluation metrics (its evaluation length).
/// </param>
public sealed record SubtreeComputed(ParticipantId Participant, RoundId Round, SubtreeId Subtree, RefCountedBuffer Sum)
{
    /// <summary>Time the worker computed on it, without waiting; null if unknown.</summary>
    public TimeSpan? ComputeTime { get; init; }

    /// <summary>Time in which the model state of the step was handed to the network; zero for a worker of the same process.</summary>
    public TimeSpan BroadcastTime { get; init; }

    /// <summary>Time in which the sum was read from the network; zero for a worker of the same process.</summary>
    public TimeSpan ReceiveTime { get; init; }
}

/// <summary>A worker has its data and its model and waits for work.</summary>
public sealed record ParticipantStarted(ParticipantId Participant);

/// <summary>A worker could not compute these shards. It continues with the next message.</summary>
/// <param name="Participant">Worker that failed.</param>
/// <param name="Round">Round that the shards belong to.</param>
/// <param name="Shards">Shards that were asked for; partial sums of some may have been sent before the error.</param>
/// <param name="Error">Message of the exception.</param>
public sealed record ShardsFailed(ParticipantId Participant, RoundId Round, ShardRange Shards, string Error);
