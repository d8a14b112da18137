using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// Stands for one life of a worker in another process and owns its link: takes the same work as a
/// <see cref="Worker.WorkerActor"/> and has the same answers come to its parent, straight from the link's own thread.
/// </summary>
public sealed class RemoteNodeActor : ReceiveActor
{
    private readonly ParticipantId _id;
    private readonly int _workers;
    private readonly DataLink _link;
    private readonly RemoteSetup _setup;
    private readonly InFlightShards _debt;
    private long _sentStep = -1;
    private bool _ready;

    /// <summary>Creates the proxy of the worker named <paramref name="id"/>.</summary>
    public RemoteNodeActor(ParticipantId id, int workers, DataLink link, RemoteSetup setup)
    {
        _workers = workers;
        _id = id;
        _link = link;
        _setup = setup;
        _debt = new(setup.Settings.Trees);
        Receive<ComputeShards>(Send);
        Receive<CloseLink>(close => _link.Close(close.Reason, close.Kind));
    }

    /// <summary>Props for the proxy of a worker.</summary>
    public static Props Props(ParticipantId id, int workers, DataLink link, RemoteSetup setup) =>
        Akka.Actor.Props.Create(() => new RemoteNodeActor(id, workers, link, setup)).WithDispatcher("nncluster.coordinator-dispatcher");

    // A node's sum that is being used, one that is being computed, and what each worker adds up on its way there.
    private int SumsInHand => 2 + (2 * _workers);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        IActorRef coordinator = Context.Parent;
        IActorRef self = Self;
        _link.Start(
            new() { Gradients = _setup.Gradients, Evaluations = _setup.Evaluations, Shown = _setup.Shown, ShownSums = SumsInHand },
            frame => Receive(frame, coordinator, self),
            closed => coordinator.Tell(new RemoteNodeGone(_id, LossCause.LinkClosed, closed.Reason), self));
    }

    /// <inheritdoc/>
    protected override void PostStop() => _link.Close("the coordinator gave this worker up");

    // The weights of a round go out once; more shards of the same weights are only asked for.
    private void Send(ComputeShards work)
    {
        _debt.Ask(work.Shards);
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

    // On the link's thread, which alone writes _ready. What cannot be an answer ends the link, so that nothing a worker
    // sends can pile up here.
    private void Receive(LinkFrame frame, IActorRef coordinator, IActorRef self)
    {
        switch (frame)
        {
            case SubtreeSumFrame sum when sum.Term != _setup.Term:
                sum.Sum.Release();
                break;
            case SubtreeSumFrame sum when _debt.Answer(sum.Round, sum.Subtree) is { } reason:
                sum.Sum.Release();
                _link.Abort(reason);
                break;
            case SubtreeSumFrame sum:
                coordinator.Tell(new SubtreeComputed(_id, sum.Round, sum.Subtree, sum.Sum) { ComputeTime = sum.Computing }, self);
                break;
            case FailedFrame failed when failed.Term == _setup.Term && _debt.Answer(failed.Round, failed.Shards) is { } reason:
                _link.Abort(reason);
                break;
            case FailedFrame failed when failed.Term == _setup.Term:
                coordinator.Tell(new ShardsFailed(_id, failed.Round, failed.Shards, failed.Error), self);
                break;
            case ReadyFrame when _ready:
                _link.Abort("it said a second time that it is ready");
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
        byte[] content = _setup.Content.Value;
        if (request.Offset > content.Length - request.Length)
        {
            _link.Close($"the data set has {content.Length} bytes, {request.Length} were asked for from {request.Offset} on");
            return;
        }

        _link.Send(new DatasetChunkFrame(request.Offset, content.AsMemory((int)request.Offset, request.Length)));
    }
}
