using System.Reflection;
using Akka.Actor;
using Akka.Remote;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// One incarnation of a node: registers with the coordinator, opens the data link, gets the data set, then divides the
/// shards that it is assigned among its <see cref="WorkerActor"/>s and sends the sums of maximal subtrees.
/// </summary>
/// <remarks>
/// Each <see cref="NodePhase"/> receives its own messages only. A control message at another moment is ignored, a frame at
/// another moment ends the incarnation, both with a cause. The end completes <see cref="NodeSetup.Ended"/>; the
/// next incarnation is another actor system.
/// </remarks>
internal sealed partial class NodeActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RegistrationRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);

    private readonly NodeSetup _setup;
    private readonly byte[] _nonce = CookieProof.NewNonce();
    private NodePhase _phase = new NodePhase.Idle();

    /// <summary>Creates the actor in <see cref="NodePhase.Idle"/>.</summary>
    public NodeActor(NodeSetup setup)
    {
        _setup = setup;
        Receive<JoinCoordinator>(Join);
        ReceiveInEveryPhase();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static string ProgramVersion =>
        typeof(NodeActor).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private string WorkerCount => $"{_setup.Workers} worker{(_setup.Workers == 1 ? "" : "s")}";

    /// <summary>Props for a node on a thread of its own.</summary>
    public static Props Props(NodeSetup setup) =>
        Akka.Actor.Props.Create(() => new NodeActor(setup)).WithDispatcher(AkkaConfig.WorkerDispatcher);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
        CompileMessages();
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        string text = $"an unexpected {reason.GetType().Name}: {reason.Message.ReplaceLineEndings(" ")}";
        Complete(NodeEndCause.NodeFailed, text, refusal: null);
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _phase.Release();
        Complete(NodeEndCause.SystemEnded, "the node's actor system ended", refusal: null);
    }

    // ---- phases ----

    private void Enter(NodePhase next)
    {
        _phase = next;
        Become(() =>
        {
            ReceiveIn(next);
            ReceiveInEveryPhase();
        });
    }

    private void ReceiveIn(NodePhase phase)
    {
        switch (phase)
        {
            case NodePhase.Registering registering:
                Receive<RequestTick>(_ => registering.Coordinator.Registry.Tell(registering.Registration.Request));
                Receive<RegistrationTimedOut>(_ => OnRegistrationTimeout(registering));
                Receive<IControlMessage>(message => OnControl(registering, message), _ => IsFrom(registering.Coordinator));
                break;
            case NodePhase.Linking linking:
                Receive<LinkOpened>(opened => OnLinkOpened(linking.Membership, opened.Link));
                Receive<LinkNotOpened>(failed => End(NodeEndCause.LinkNotOpened, $"no link: {failed.Reason}"));
                ReceiveControl(linking.Membership);
                break;
            case NodePhase.Searching searching:
                Receive<DatasetSearched>(searched => OnSearched(searching.Node, searched));
                Receive<DatasetUnreadable>(failed => End(NodeEndCause.DatasetUnusable, failed.Reason));
                ReceiveLinked(searching.Node);
                break;
            case NodePhase.Fetching fetching:
                Receive<DatasetChunkFrame>(chunk => OnChunk(fetching, chunk));
                ReceiveLinked(fetching.Node);
                break;
            case NodePhase.Starting starting:
                Receive<ParticipantStarted>(_ => OnWorkerStarted(starting));
                Receive<Terminated>(_ => End(NodeEndCause.WorkerEnded, "a worker could not be started: is there enough memory?"));
                ReceiveLinked(starting.Node);
                break;
            case NodePhase.Working working:
                ReceiveWork(working.Work);
                ReceiveLinked(working.Node);
                break;
        }
    }

    private void ReceiveWork(NodeWork work)
    {
        Receive<WeightsFrame>(work.Take);
        Receive<ComputeFrame>(work.Take);
        Receive<SubtreeComputed>(work.Collect);
        Receive<ShardsFailed>(work.Fail);
        Receive<Terminated>(_ => End(NodeEndCause.WorkerEnded, "a worker ended: is there enough memory?"));
    }

    private void ReceiveLinked(LinkedNode node)
    {
        Receive<GoodbyeFrame>(goodbye => End(
            goodbye.Kind switch
            {
                GoodbyeKind.RunOver => NodeEndCause.RunOver,
                GoodbyeKind.Refused => NodeEndCause.RefusedByRun,
                _ => NodeEndCause.LinkClosed,
            },
            goodbye.Reason));
        Receive<LinkClosed>(closed => End(NodeEndCause.LinkClosed, closed.Reason));
        ReceiveControl(node.Membership);
    }

    private void ReceiveControl(Membership membership) => Receive<IControlMessage>(
        message => Perform(message, membership.Registration.Handle(message)), _ => IsFrom(membership.Coordinator));

    private void ReceiveInEveryPhase()
    {
        Receive<HeartbeatTick>(_ => _setup.Health.Heartbeat());
        Receive<LeaveCluster>(OnLeave, _ => _phase is not NodePhase.Ended);
        Receive<ThisActorSystemQuarantinedEvent>(
            _ => End(NodeEndCause.Quarantined, "the coordinator has given this incarnation of the node up"),
            _ => _phase is not NodePhase.Ended);
        ReceiveAny(OnUnexpected);
    }

    private bool IsFrom(CoordinatorAddress coordinator) => Sender.Path.Address.Equals(coordinator.Address);

    // ---- ending ----

    private void OnLeave(LeaveCluster leave)
    {
        _phase.KnownCoordinator?.Registry.Tell(new NodeLeaving(_setup.Name, leave.Reason));
        _phase.OpenNode?.Link.Close($"the worker shards: {leave.Reason}");
        End(NodeEndCause.LeaveRequested, leave.Reason);
    }

    // A frame at the wrong moment ends the incarnation; all else is ignored.
    private void OnUnexpected(object message)
    {
        Release(message);
        if (message is LinkFrame && _phase is not NodePhase.Ended)
        {
            string text = $"the coordinator sent a {message.GetType().Name} to a node in phase {_phase.GetType().Name}";
            _phase.OpenNode?.Link.Abort(text);
            End(NodeEndCause.UnexpectedFrame, text);
            return;
        }

        Ignore(message, _phase switch
        {
            NodePhase.Ended => IgnoreCause.Ended,
            _ when message is IControlMessage && _phase.KnownCoordinator is { } coordinator && !IsFrom(coordinator) => IgnoreCause.Stranger,
            _ => IgnoreCause.WrongPhase,
        });
    }

    private static void Release(object message)
    {
        switch (message)
        {
            case LinkFrame frame:
                frame.Buffer?.Release();
                break;
            case SubtreeComputed result:
                result.Sum.Release();
                break;
            case LinkOpened opened:
                opened.Link.Dispose();
                break;
        }
    }

    private void Ignore(object message, IgnoreCause cause) =>
        Context.System.EventStream.Publish(new MessageIgnored(message, _phase.GetType(), cause));

    private void End(NodeEndCause cause, string reason, RefusalCause? refusal = null)
    {
        Complete(cause, reason, refusal);
        Enter(new NodePhase.Ended(_phase));
    }

    private void Complete(NodeEndCause cause, string reason, RefusalCause? refusal) =>
        _setup.Ended.TrySetResult(new(cause, reason, _phase.OpenNode is not null) { Refusal = refusal });

    private sealed record HeartbeatTick
    {
        public static readonly HeartbeatTick Instance = new();
    }

    private sealed record RequestTick
    {
        public static readonly RequestTick Instance = new();
    }

    private sealed record RegistrationTimedOut
    {
        public static readonly RegistrationTimedOut Instance = new();
    }

    private sealed record LinkOpened(DataLink Link);

    private sealed record LinkNotOpened(string Reason);

    private sealed record DatasetUnreadable(string Reason);
}
