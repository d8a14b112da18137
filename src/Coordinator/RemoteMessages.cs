using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Adds a node that was accepted and has opened its data link; the coordinator creates its proxy.</summary>
/// <param name="Id">This incarnation of the node.</param>
/// <param name="Name">Display name of the node, the same in all its incarnations.</param>
/// <param name="Workers">Number of its workers.</param>
/// <param name="Link">Data link of the node, not started.</param>
internal sealed record AddRemoteNode(ParticipantId Id, string Name, int Workers, DataLink Link);

/// <summary>A node was lost.</summary>
/// <param name="Id">The incarnation that is lost.</param>
/// <param name="Cause">Cause, for programs.</param>
/// <param name="Reason">Text for the log.</param>
internal sealed record RemoteNodeGone(ParticipantId Id, LossCause Cause, string Reason)
{
    /// <summary>True: the node was lost before it was ready. The run has no event of it, so the registry logs the loss.</summary>
    public bool BeforeWork { get; init; }
}

/// <summary>Dismisses every node; answered by <see cref="NodesDismissed"/> when all data links are closed.</summary>
/// <param name="Outcome">Outcome of the run, for the nodes' logs.</param>
/// <param name="MayReturn">Whether another coordinator may resume the run; the nodes then wait for it.</param>
internal sealed record DismissNodes(string Outcome, bool MayReturn);

/// <summary>Answers <see cref="DismissNodes"/>.</summary>
internal sealed record NodesDismissed;

/// <summary>Closes the data link of a node.</summary>
internal sealed record CloseLink(string Reason, GoodbyeKind Kind);

/// <summary>Facts and resources of the run, for the proxies of nodes.</summary>
/// <param name="RunId">Id of the run, the same in all terms.</param>
/// <param name="Term">Term of the coordinator.</param>
/// <param name="Settings">Settings of the run; they bound the work that a node can be assigned.</param>
/// <param name="Gradients">Buffers for sums of gradients.</param>
/// <param name="Evaluations">Buffers for sums of metrics.</param>
/// <param name="Content">Canonical bytes of the data set.</param>
internal sealed record RemoteSetup(
    string RunId, long Term, RunSettings Settings, BufferPool Gradients, BufferPool Evaluations, DatasetBytes Content)
{
    /// <summary>Shared memory of model states, for the nodes of this host; null: none is exported.</summary>
    public ModelStateExport? Export { get; init; }

    /// <summary>Hash of the model state that is sent to the nodes.</summary>
    public BroadcastHash Hashes { get; } = new();
}
