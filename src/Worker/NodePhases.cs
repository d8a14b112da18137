using Akka.Actor;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// State of a node in one phase of its incarnation; nothing in a phase is null.
/// <code>
/// Idle ─► Registering ─► Linking ─► Searching ─► Fetching ─► Starting ─► Working        any of them ─► Ended
///                                        └──── in the cache ────┘
/// </code>
/// </summary>
internal abstract record NodePhase
{
    /// <summary>The node has not been told of a coordinator.</summary>
    public sealed record Idle : NodePhase;

    /// <summary>The node registers.</summary>
    public sealed record Registering(CoordinatorAddress Coordinator, NodeRegistration Registration) : NodePhase;

    /// <summary>The node is accepted and opens its data link.</summary>
    public sealed record Linking(Membership Membership) : NodePhase;

    /// <summary>The node looks for the data set on this machine.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Search">Search in the cache. If the phase ends first, its file is released.</param>
    public sealed record Searching(LinkedNode Node, Task<DatasetSearched> Search) : NodePhase;

    /// <summary>The node receives the data set.</summary>
    public sealed record Fetching(LinkedNode Node, DatasetDownload Download) : NodePhase;

    /// <summary>The workers start.</summary>
    public sealed record Starting(LinkedNode Node, NodeWork Work, int Missing) : NodePhase;

    /// <summary>The node computes what it is assigned.</summary>
    public sealed record Working(LinkedNode Node, NodeWork Work) : NodePhase;

    /// <summary>The incarnation has ended; its resources are released with the actor.</summary>
    /// <param name="Last">Phase in which it ended.</param>
    public sealed record Ended(NodePhase Last) : NodePhase;

    /// <summary>The coordinator, once the node knows of one.</summary>
    public CoordinatorAddress? KnownCoordinator => this switch
    {
        Registering phase => phase.Coordinator,
        Linking phase => phase.Membership.Coordinator,
        Ended phase => phase.Last.KnownCoordinator,
        _ => OpenNode?.Membership.Coordinator,
    };

    /// <summary>The data link with its buffers, once it is open.</summary>
    public LinkedNode? OpenNode => this switch
    {
        Searching phase => phase.Node,
        Fetching phase => phase.Node,
        Starting phase => phase.Node,
        Working phase => phase.Node,
        Ended phase => phase.Last.OpenNode,
        _ => null,
    };

    /// <summary>Releases link, download, work and buffers.</summary>
    public void Release()
    {
        if (OpenNode is not { } node)
        {
            return;
        }

        NodePhase phase = this is Ended ended ? ended.Last : this;
        node.Link.Dispose();
        (phase as Fetching)?.Download.Dispose();
        (phase as Searching)?.Search.ContinueWith(
            search => search.Result.Incoming?.Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion,
            TaskScheduler.Default);
        node.Gradients.Dispose();
        (phase switch { Starting starting => starting.Work, Working working => working.Work, _ => null })?.Dispose();
        node.Weights.Dispose();
    }
}

/// <summary>A coordinator's address and its registry.</summary>
internal sealed record CoordinatorAddress(Address Address, ActorSelection Registry)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Address.Host}:{Address.Port}";
}

/// <summary>The run that a node was accepted into.</summary>
internal sealed record Membership(
    CoordinatorAddress Coordinator, NodeRegistration Registration, RegistrationAccepted Accepted, RunSpec Spec, ParameterLayout Layout);

/// <summary>An accepted node with an open data link.</summary>
/// <param name="Membership">The run.</param>
/// <param name="Link">The data link.</param>
/// <param name="Weights">Buffers for received model states.</param>
/// <param name="Gradients">Buffers for sums of gradients.</param>
internal sealed record LinkedNode(Membership Membership, DataLink Link, BufferPool Weights, BufferPool Gradients);

/// <summary>Result of the search: the data set in the cache, or the file that receives it; exactly one is not null.</summary>
internal sealed record DatasetSearched(Dataset? Data, IncomingDataset? Incoming);

/// <summary>Published to the event stream when a node ignores a message.</summary>
/// <param name="Message">The message.</param>
/// <param name="Phase">Type of the node's phase.</param>
/// <param name="Cause">Cause.</param>
internal sealed record MessageIgnored(object Message, Type Phase, IgnoreCause Cause);
