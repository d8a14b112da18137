using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// Asks a worker for the sums over a range of leaves. The message carries one reference to the weights, which the
/// receiver releases when it is done with them.
/// </summary>
/// <param name="Round">The round the leaves belong to.</param>
/// <param name="Leaves">The leaves.</param>
/// <param name="Parameters">Parameters and running statistics after <c>Round.Step</c> steps; nobody writes to them.</param>
public abstract record LeafWork(RoundId Round, LeafRange Leaves, SharedBuffer Parameters);

/// <summary>Asks for sums of gradients over leaves of a minibatch; answered by <see cref="GradientComputed"/>.</summary>
public sealed record ComputeGradient(RoundId Round, LeafRange Leaves, SharedBuffer Parameters) : LeafWork(Round, Leaves, Parameters);

/// <summary>Asks for loss, right answers and confusion counts over leaves of a data set; answered by <see cref="EvaluationComputed"/>.</summary>
public sealed record ComputeEvaluation(RoundId Round, LeafRange Leaves, SharedBuffer Parameters) : LeafWork(Round, Leaves, Parameters);

/// <summary>
/// The sum over all leaves of one node: one message for every maximal node of the range that was asked for. The
/// message carries the only reference to the sum.
/// </summary>
public abstract record NodeResult(ParticipantId Participant, RoundId Round, NodeId Node, SharedBuffer Sum)
{
    /// <summary>How long the worker computed on it, waiting left out; null where that is not known.</summary>
    public TimeSpan? Computing { get; init; }
}

/// <summary>A sum of gradients, in the layout's order, statistics and metrics behind.</summary>
public sealed record GradientComputed(ParticipantId Participant, RoundId Round, NodeId Node, SharedBuffer Sum) : NodeResult(Participant, Round, Node, Sum);

/// <summary>A sum of evaluation metrics.</summary>
public sealed record EvaluationComputed(ParticipantId Participant, RoundId Round, NodeId Node, SharedBuffer Sum) : NodeResult(Participant, Round, Node, Sum);

/// <summary>A worker holds data and network and waits for work.</summary>
public sealed record ParticipantStarted(ParticipantId Participant);

/// <summary>A worker could not compute these leaves and goes on with the next.</summary>
public sealed record LeafWorkFailed(ParticipantId Participant, RoundId Round, LeafRange Leaves, string Error);
