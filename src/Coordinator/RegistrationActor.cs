using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;
using RunEnded = NnCluster.Control.RunEnded;

namespace NnCluster.Coordinator;

/// <summary>What the registry needs to take nodes in.</summary>
public sealed record RegistrationSetup
{
    /// <summary>The welcome of every node; its token is the node's own.</summary>
    public required RegistrationAccepted Welcome { get; init; }

    /// <summary>The run's arithmetic.</summary>
    public required string Arithmetic { get; init; }

    /// <summary>Where the links come in.</summary>
    public required DataListener Listener { get; init; }

    /// <summary>The cluster's protection.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Who gets the workers.</summary>
    public required IActorRef Coordinator { get; init; }

    /// <summary>Gets a line for people.</summary>
    public required Action<string> Log { get; init; }
}

/// <summary>
/// Takes worker nodes in: proves the cookie both ways, checks that a node computes the run's bits, hands out the right
/// to open a link, and passes the open link on to the coordinator. Says which nodes the cluster has lost.
/// </summary>
public sealed class RegistrationActor : ReceiveActor
{
    private const int MaxPending = 1024;
    private const int MaxWorkers = 1024;
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(10);

    private readonly RegistrationSetup _setup;
    private readonly List<Introduced> _introduced = [];
    private readonly Dictionary<ParticipantId, IActorRef> _nodes = [];
    private readonly Dictionary<string, int> _incarnations = [];
    private IActorRef? _dismissedBy;

    /// <summary>Creates the registry of a run.</summary>
    public RegistrationActor(RegistrationSetup setup)
    {
        _setup = setup;
        Receive<RequestNonce>(Introduce);
        Receive<RegisterNode>(Register);
        Receive<LinkOpened>(opened => setup.Coordinator.Tell(new AddRemoteNode(opened.Id, opened.Name, opened.Workers, opened.Link)));
        Receive<LinkFailed>(failed => Forget(failed.Id, failed.Reason));
        Receive<RemoteNodeGone>(gone => Forget(gone.Id, gone.BeforeWork ? gone.Reason : null));
        Receive<NodeLeaving>(leaving => Lose(node => node.Equals(Sender), LossCause.Left, $"it leaves: {leaving.Reason}"));
        Receive<ClusterEvent.UnreachableMember>(member => Lose(member.Member, LossCause.Unreachable, "the cluster cannot reach it"));
        Receive<ClusterEvent.MemberRemoved>(Remove);
        Receive<DismissNodes>(Dismiss);
    }

    /// <summary>Props for the registry.</summary>
    public static Props Props(RegistrationSetup setup) => Akka.Actor.Props.Create(() => new RegistrationActor(setup));

    /// <inheritdoc/>
    protected override void PreStart() => Cluster.Get(Context.System).Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.MemberRemoved));

    /// <inheritdoc/>
    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    private void Introduce(RequestNonce request)
    {
        if (request.WireVersion != WireVersion.Current)
        {
            Refuse($"it speaks wire version {request.WireVersion}, the coordinator {WireVersion.Current}: use the same program on both", Sender.Path.Address.ToString());
            return;
        }

        if (request.NodeNonce.Length != CookieProof.NonceBytes)
        {
            Refuse($"its nonce has {request.NodeNonce.Length} bytes, a nonce has {CookieProof.NonceBytes}", Sender.Path.Address.ToString());
            return;
        }

        if (_introduced.Count == MaxPending)
        {
            _introduced.RemoveAt(0);
        }

        byte[] nonce = CookieProof.NewNonce();
        _introduced.Add(new(Sender, request.NodeNonce, nonce));
        Sender.Tell(new RegistrationNonce(nonce, CookieProof.OfCoordinator(_setup.Security, request.NodeNonce, nonce)));
    }

    private void Register(RegisterNode worker)
    {
        int at = _introduced.FindIndex(candidate => candidate.Node.Equals(worker.Node) && candidate.OwnNonce.AsSpan().SequenceEqual(worker.CoordinatorNonce));
        if (at < 0 || _dismissedBy is not null)
        {
            return;
        }

        Introduced introduced = _introduced[at];
        _introduced.RemoveAll(candidate => candidate.Node.Equals(worker.Node));
        byte[] expected = CookieProof.OfNode(_setup.Security, introduced.NodeNonce, introduced.OwnNonce, worker.Name);
        if ((CookieProof.Check(expected, worker.Proof) ?? Admission.Check(worker, _setup.Arithmetic)) is { } reason)
        {
            Refuse(reason, worker.Name);
            return;
        }

        // Names that are cleaned to the same one are lives of the same.
        string name = Clean(worker.Name);
        int life = _incarnations[name] = _incarnations.GetValueOrDefault(name) + 1;
        var id = new ParticipantId(string.Create(CultureInfo.InvariantCulture, $"{name}.{life}"));
        PendingLink pending = _setup.Listener.Expect(TokenLifetime);
        _nodes.Add(id, worker.Node);
        worker.Node.Tell(_setup.Welcome with { LinkToken = pending.Token.ToArray() });
        pending.Link.PipeTo(
            Self,
            success: link => new LinkOpened(id, worker.Name, (int)Math.Min(worker.Workers, MaxWorkers), link),
            failure: error => new LinkFailed(id, error.GetBaseException().Message));
    }

    private void Refuse(string reason, string name)
    {
        // Who is refused has not proved to be anybody: nothing of his may look like a line of ours.
        _setup.Log($"refused {Clean(name)}: {Plain(reason)}");
        Sender.Tell(new RegistrationRefused(reason));
    }

    private void Remove(ClusterEvent.MemberRemoved removed)
    {
        Lose(removed.Member, LossCause.RemovedFromCluster, "it was removed from the cluster");
        // Akka.Remote leaves the sockets of its vain attempts to reach a dead node to the collector, which a coordinator
        // that allocates next to nothing seldom needs.
        GC.Collect(1, GCCollectionMode.Default, blocking: false);
    }

    private void Lose(Member member, LossCause cause, string reason) =>
        Lose(node => node.Path.Address.Equals(member.Address), cause, reason);

    private void Lose(Predicate<IActorRef> which, LossCause cause, string reason)
    {
        foreach ((ParticipantId id, IActorRef _) in _nodes.Where(entry => which(entry.Value)).ToArray())
        {
            _setup.Coordinator.Tell(new RemoteNodeGone(id, cause, reason));
            Forget(id, reason: null);
        }
    }

    private void Forget(ParticipantId id, string? reason)
    {
        if (_nodes.Remove(id) && reason is not null)
        {
            _setup.Log($"{id}: {reason}");
        }

        ReportDismissed();
    }

    private void Dismiss(DismissNodes dismiss)
    {
        _dismissedBy = Sender;
        foreach (IActorRef node in _nodes.Values)
        {
            node.Tell(dismiss.Comeback
                ? new CoordinatorLeaving(_setup.Welcome.Term, dismiss.Outcome)
                : new RunEnded(_setup.Welcome.Term, dismiss.Outcome));
        }

        _setup.Coordinator.Tell(new CloseLink(dismiss.Outcome, dismiss.Comeback ? GoodbyeKind.Later : GoodbyeKind.RunOver));
        ReportDismissed();
    }

    private void ReportDismissed()
    {
        if (_nodes.Count == 0)
        {
            _dismissedBy?.Tell(new NodesDismissed());
        }
    }

    private static string Plain(string text) => string.Concat(text.Take(1000).Select(c => char.IsControl(c) ? ' ' : c));

    // Becomes part of an actor's path.
    private static string Clean(string name) => string.Concat(name.Take(100).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-'));

    private sealed record Introduced(IActorRef Node, byte[] NodeNonce, byte[] OwnNonce);

    private sealed record LinkOpened(ParticipantId Id, string Name, int Workers, DataLink Link);

    private sealed record LinkFailed(ParticipantId Id, string Reason);
}
