using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// Proxy of one incarnation of a node; owns the node's data link. It receives the same messages as a
/// <see cref="Worker.WorkerActor"/>, and sends the same answers to its parent, from the link's receiving thread.
/// </summary>
internal sealed class RemoteNodeActor : ReceiveActor
{
    private readonly ParticipantId _id;
    private readonly int _workers;
    private readonly DataLink _link;
    private readonly RemoteSetup _setup;
    private readonly InFlightShards _inFlight;
    private long _sentStep = -1;
    private bool _ready;

    /// <summary>Creates the proxy of a node.</summary>
    /// <param name="id">Incarnation of the node.</param>
    /// <param name="workers">Number of workers of the node.</param>
    /// <param name="link">Data link of the node, not started; the proxy closes it.</param>
    /// <param name="setup">Facts and resources of the run.</param>
    public RemoteNodeActor(ParticipantId id, int workers, DataLink link, RemoteSetup setup)
    {
        _workers = workers;
        _id = id;
        _link = link;
        _setup = setup;
        _inFlight = new(setup.Settings.Trees);
        Receive<ComputeShards>(Send);
        Receive<CloseLink>(close => _link.Close(close.Reason, close.Kind));
    }

    /// <summary>Props for the proxy of a node.</summary>
    public static Props Props(ParticipantId id, int workers, DataLink link, RemoteSetup setup) =>
        Akka.Actor.Props.Create(() => new RemoteNodeActor(id, workers, link, setup)).WithDispatcher(AkkaConfig.CoordinatorDispatcher);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        IActorRef coordinator = Context.Parent;
        IActorRef self = Self;
        _link.Peer = _id.Name;
        _link.Start(
            new() { Gradients = _setup.Gradients, Evaluations = _setup.Evaluations },
            frame => Receive(frame, coordinator, self),
            closed => coordinator.Tell(new RemoteNodeGone(_id, LossCause.LinkClosed, closed.Reason), self),
            _setup.Export is { } states ? new(states, _workers) : null);
    }

    /// <inheritdoc/>
    protected override void PostStop() => _link.Close("the coordinator removed this node");

    // The model state of a step is sent once; further shards of the same state are assigned without it.
    private void Send(ComputeShards work)
    {
        _inFlight.Add(work.Shards);
        if (work.Round.Step == _sentStep)
        {
            work.ModelState.Release();
            _link.Send(new ComputeFrame(_setup.Term, work.Round, work.Shards));
            return;
        }

        _sentStep = work.Round.Step;
        _link.Send(new WeightsFrame(_setup.Term, work.Round, work.Shards, work.ModelState)
        {
            Hash = _setup.Hashes.Of(work.Round.Step, work.ModelState),
        });
    }

    // Runs on the link's receiving thread, the only one that uses _ready. A frame that answers no assignment closes the link,
    // so that a faulty node cannot fill this process's memory.
    private void Receive(LinkFrame frame, IActorRef coordinator, IActorRef self)
    {
        switch (frame)
        {
            case SubtreeSumFrame sum when sum.Term != _setup.Term:
                sum.Sum.Release();
                break;
            case SubtreeSumFrame sum when _inFlight.Remove(sum.Round, sum.Subtree) is { } reason:
                sum.Sum.Release();
                _link.Abort(reason);
                break;
            case SubtreeSumFrame sum:
                coordinator.Tell(
                    new SubtreeComputed(_id, sum.Round, sum.Subtree, sum.Sum)
                    {
                        ComputeTime = sum.Computing,
                        BroadcastTime = _link.SendTime,
                        ReceiveTime = sum.ReceiveTime,
                    },
                    self);
                break;
            case FailedFrame failed when failed.Term == _setup.Term && _inFlight.Remove(failed.Round, failed.Shards) is { } reason:
                _link.Abort(reason);
                break;
            case FailedFrame failed when failed.Term == _setup.Term:
                coordinator.Tell(new ShardsFailed(_id, failed.Round, failed.Shards, failed.Error), self);
                break;
            case ReadyFrame when _ready:
                _link.Abort("it sent a second Ready frame");
                break;
            case ReadyFrame ready when ready.Term == _setup.Term:
                _ready = true;
                coordinator.Tell(new ParticipantStarted(_id), self);
                break;
            case DatasetRequestFrame request:
                Serve(request);
                break;
        }
    }

    private void Serve(DatasetRequestFrame request)
    {
        DatasetBytes content = _setup.Content;
        if (request.Offset > content.Length - request.Length)
        {
            _link.Close($"the data set has {content.Length} bytes, {request.Length} were requested from {request.Offset} on");
            return;
        }

        byte[] chunk = new byte[request.Length];
        try
        {
            content.Read(request.Offset, chunk);
        }
        catch (IOException failed)
        {
            _link.Close($"the data set cannot be read: {failed.Message}");
            return;
        }

        _link.Send(new DatasetChunkFrame(request.Offset, chunk));
    }
}
