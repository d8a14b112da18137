using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>A node was accepted and has opened its data link: the coordinator makes a participant of it.</summary>
/// <param name="Id">This incarnation of the node.</param>
/// <param name="Name">Display name of the node, the same in all its incarnations.</param>
/// <param name="Workers">Number of its workers.</param>
/// <param name="Link">Its data link, not yet started.</param>
internal sealed record AddRemoteNode(ParticipantId Id, string Name, int Workers, DataLink Link);

/// <summary>A node is lost.</summary>
/// <param name="Id">The incarnation that is lost.</param>
/// <param name="Cause">Cause, for programs.</param>
/// <param name="Reason">Text for the log.</param>
internal sealed record RemoteNodeGone(ParticipantId Id, LossCause Cause, string Reason)
{
    /// <summary>True if the node failed before it was ready; the run never saw it, so the registry logs the loss.</summary>
    public bool BeforeWork { get; init; }
}

/// <summary>Dismisses every node; answered by <see cref="NodesDismissed"/> when all data links are closed.</summary>
/// <param name="Outcome">Outcome of the run, for the nodes' logs.</param>
/// <param name="Comeback">Whether another coordinator may take the run over: then the nodes wait for it.</param>
internal sealed record DismissNodes(string Outcome, bool Comeback);

/// <summary>Answers <see cref="DismissNodes"/>.</summary>
internal sealed record NodesDismissed;

/// <summary>Asks the proxy of a node to close its data link.</summary>
internal sealed record CloseLink(string Reason, GoodbyeKind Kind);

/// <summary>What every proxy of a node needs of the run.</summary>
/// <param name="RunId">Id of the run, the same in all terms.</param>
/// <param name="Term">Term of the coordinator.</param>
/// <param name="Settings">Settings of the run; they bound the work that a node can be assigned.</param>
/// <param name="Gradients">Buffers for sums of gradients.</param>
/// <param name="Evaluations">Buffers for sums of metrics.</param>
/// <param name="Content">The data set's canonical bytes, made when the first node asks.</param>
internal sealed record RemoteSetup(
    string RunId, long Term, RunSettings Settings, BufferPool Gradients, BufferPool Evaluations, Lazy<byte[]> Content)
{
    /// <summary>Shared memory of model states, for the nodes of this host; null: none is exported.</summary>
    public ModelStateExport? Export { get; init; }

    /// <summary>Hash of the weights, computed once for all nodes that they are sent to.</summary>
    public BroadcastHash Hashes { get; } = new();
}
