using Akka.Actor;
using Akka.Cluster;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Constructor parameters of <see cref="RegistrationActor"/>.</summary>
internal sealed record RegistrationSetup
{
    /// <summary>Answer to every accepted node; its token is replaced by the node's own.</summary>
    public required RegistrationAccepted Answer { get; init; }

    /// <summary>Arithmetic of the run.</summary>
    public required string Arithmetic { get; init; }

    /// <summary>Listener of the data links.</summary>
    public required DataListener Listener { get; init; }

    /// <summary>Certificates and cookie.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Actor that receives the accepted nodes.</summary>
    public required IActorRef Coordinator { get; init; }

    /// <summary>Receives log lines.</summary>
    public required Action<string> Log { get; init; }
}

/// <summary>
/// Shell around <see cref="CoordinatorRegistration"/>. Converts control messages, membership events and opened data links to its
/// inputs, and its effects to messages. Passes each opened link to the coordinator.
/// </summary>
internal sealed class RegistrationActor : ReceiveActor
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(10);

    private readonly RegistrationSetup _setup;
    private readonly CoordinatorRegistration _registration;
    private IActorRef _dismissalRequester = ActorRefs.Nobody;

    /// <summary>Creates the registry of a run.</summary>
    public RegistrationActor(RegistrationSetup setup)
    {
        _setup = setup;
        _registration = new(setup.Security, setup.Arithmetic, setup.Answer.Term, CookieProof.NewNonce);
        Receive<RequestNonce>(request => Perform(_registration.OnRequestNonce(Sender, request)));
        Receive<RegisterNode>(node => Perform(_registration.OnRegister(Sender, node)));
        Receive<NodeLeaving>(leaving => Perform(_registration.OnLeaving(Sender, leaving)));
        Receive<LinkOpened>(opened => setup.Coordinator.Tell(new AddRemoteNode(opened.Id, opened.Name, opened.Workers, opened.Link)));
        Receive<LinkNotOpened>(failed => Perform(_registration.OnLinkNotOpened(failed.Id, failed.Reason)));
        Receive<RemoteNodeGone>(gone => Perform(_registration.OnLostByRun(gone.Id, gone.BeforeWork ? gone.Reason : null)));
        Receive<ClusterEvent.UnreachableMember>(lost => OnMemberLost(lost.Member, LossCause.Unreachable));
        Receive<ClusterEvent.MemberRemoved>(OnMemberRemoved);
        Receive<DismissNodes>(OnDismiss);
    }

    /// <summary>Props for the registry.</summary>
    public static Props Props(RegistrationSetup setup) => Akka.Actor.Props.Create(() => new RegistrationActor(setup));

    /// <inheritdoc/>
    protected override void PreStart() => Cluster.Get(Context.System).Subscribe(
        Self,
        ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
        typeof(ClusterEvent.UnreachableMember),
        typeof(ClusterEvent.MemberRemoved));

    /// <inheritdoc/>
    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    private void OnMemberLost(Member member, LossCause cause) => Perform(_registration.OnMemberLost(member.Address, cause));

    private void OnMemberRemoved(ClusterEvent.MemberRemoved removed)
    {
        OnMemberLost(removed.Member, LossCause.RemovedFromCluster);
        UnreachableSockets.Collect();
    }

    private void OnDismiss(DismissNodes dismiss)
    {
        _dismissalRequester = Sender;
        Perform(_registration.OnDismiss(dismiss.Outcome, dismiss.MayReturn));
    }

    private void Perform(IReadOnlyList<RegistrationEffect> effects)
    {
        foreach (RegistrationEffect effect in effects)
        {
            switch (effect)
            {
                case RegistrationEffect.Send send:
                    send.To.Tell(send.Message);
                    break;
                case RegistrationEffect.Accept accept:
                    Accept(accept);
                    break;
                case RegistrationEffect.ReportLost lost:
                    _setup.Coordinator.Tell(new RemoteNodeGone(lost.Id, lost.Cause, lost.Text));
                    break;
                case RegistrationEffect.Log log:
                    _setup.Log(log.Line);
                    break;
                case RegistrationEffect.CloseLinks close:
                    _setup.Coordinator.Tell(new CloseLink(close.Reason, close.MayReturn ? GoodbyeKind.Later : GoodbyeKind.RunOver));
                    break;
                case RegistrationEffect.DismissalComplete:
                    _dismissalRequester.Tell(new NodesDismissed());
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(effects), effect, null);
            }
        }
    }

    private void Accept(RegistrationEffect.Accept accept)
    {
        PendingLink pending = _setup.Listener.Expect(TokenLifetime);
        accept.Node.Tell(_setup.Answer with { LinkToken = pending.Token.ToArray() });
        pending.Link.PipeTo(
            Self,
            success: link => new LinkOpened(accept.Id, accept.Name, accept.Workers, link),
            failure: error => new LinkNotOpened(accept.Id, error.GetBaseException().Message));
    }

    private sealed record LinkOpened(ParticipantId Id, string Name, int Workers, DataLink Link);

    private sealed record LinkNotOpened(ParticipantId Id, string Reason);
}
