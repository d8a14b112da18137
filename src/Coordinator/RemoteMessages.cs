using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>A node was taken in and has opened its link: the coordinator makes a worker of it.</summary>
/// <param name="Id">This life of the node.</param>
/// <param name="Name">The node, whichever life.</param>
/// <param name="Workers">Workers it runs.</param>
/// <param name="Link">Its link, not yet started.</param>
public sealed record AddRemoteNode(ParticipantId Id, string Name, int Workers, DataLink Link);

/// <summary>A node is lost: its link closed, it left, or the cluster cannot reach it.</summary>
/// <param name="Id">The incarnation of the node.</param>
/// <param name="Cause">Cause of the loss.</param>
/// <param name="Reason">The cause in words, one line.</param>
public sealed record RemoteNodeGone(ParticipantId Id, LossCause Cause, string Reason)
{
    /// <summary>True if it was lost before it became ready; the run never saw it, so the registry logs it.</summary>
    public bool BeforeWork { get; init; }
}

/// <summary>The run ends: every node is told, and <see cref="NodesDismissed"/> answers when their links are closed.</summary>
/// <param name="Outcome">How it ended, for people.</param>
/// <param name="Comeback">Whether another life of the coordinator may come: then the nodes wait for it.</param>
public sealed record DismissNodes(string Outcome, bool Comeback);

/// <summary>Answers <see cref="DismissNodes"/>.</summary>
public sealed record NodesDismissed;

/// <summary>Asks a remote worker's proxy to say goodbye.</summary>
public sealed record CloseLink(string Reason, GoodbyeKind Kind);

/// <summary>What every remote worker's proxy needs of the run.</summary>
/// <param name="RunId">The run, whatever its life.</param>
/// <param name="Term">The coordinator's life.</param>
/// <param name="Settings">What may be asked of a worker.</param>
/// <param name="Gradients">Where sums of gradients go.</param>
/// <param name="Evaluations">Where sums of metrics go.</param>
/// <param name="Content">The data set's canonical bytes, made when the first worker asks.</param>
public sealed record RemoteSetup(string RunId, long Term, RunSettings Settings, BufferPool Gradients, BufferPool Evaluations, Lazy<byte[]> Content)
{
    /// <summary>The memory weights are sent from, where workers of this host may see it.</summary>
    public SharedMemory? Shown { get; init; }

    /// <summary>The weights' hash, taken once for all nodes they are sent to.</summary>
    public BroadcastHash Hashes { get; } = new();
}
