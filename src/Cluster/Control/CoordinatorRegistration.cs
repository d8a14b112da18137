using System.Globalization;
using Akka.Actor;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Control;

/// <summary>What <see cref="CoordinatorRegistration"/> asks its actor to do.</summary>
internal abstract record RegistrationEffect
{
    /// <summary>Send a message.</summary>
    public sealed record Send(IActorRef To, IControlMessage Message) : RegistrationEffect;

    /// <summary>Issue a token for one data link, and send the node <see cref="RegistrationAccepted"/> with it.</summary>
    /// <param name="Id">Incarnation of the node, new.</param>
    /// <param name="Node">The node's actor.</param>
    /// <param name="Name">Display name of the node.</param>
    /// <param name="Workers">Number of its workers, 1 to <see cref="CoordinatorRegistration.MaxWorkers"/>.</param>
    public sealed record Accept(ParticipantId Id, IActorRef Node, string Name, int Workers) : RegistrationEffect;

    /// <summary>Report a lost node to the run.</summary>
    public sealed record ReportLost(ParticipantId Id, LossCause Cause, string Text) : RegistrationEffect;

    /// <summary>Write a line to the log.</summary>
    public sealed record Log(string Line) : RegistrationEffect;

    /// <summary>Close all data links.</summary>
    /// <param name="Reason">Text for the log.</param>
    /// <param name="MayReturn">Whether another coordinator may take the run over.</param>
    public sealed record CloseLinks(string Reason, bool MayReturn) : RegistrationEffect;

    /// <summary>Tell the requester of the dismissal that all nodes are gone.</summary>
    public sealed record DismissalComplete : RegistrationEffect;
}

/// <summary>
/// The coordinator's half of registration, without actors: input is a message or an event, output are effects. Proves
/// the cookie both ways, checks versions and arithmetic, numbers the incarnations of a node, and keeps the list of
/// the accepted nodes until each is gone. <see cref="NodeRegistration"/> is the other half.
/// </summary>
/// <remarks>
/// <code>
/// RequestNonce ─► RegistrationNonce       one of at most <see cref="MaxPending"/> pending registrations, oldest dropped
/// RegisterNode ─► Accept | RegistrationRefused | nothing, if its nonce is not pending
/// loss, leave, failed link ─► ReportLost and/or Log; the node is forgotten
/// Dismiss ─► RunDismissed | CoordinatorLeaving to each node, CloseLinks; DismissalComplete when none is left
/// </code>
/// </remarks>
/// <param name="security">Protection of the cluster.</param>
/// <param name="arithmetic">Arithmetic of the run.</param>
/// <param name="term">Term of the coordinator.</param>
/// <param name="newNonce">Source of nonces.</param>
internal sealed class CoordinatorRegistration(LinkSecurity security, string arithmetic, long term, Func<byte[]> newNonce)
{
    /// <summary>Pending registrations at most: a stranger cannot make the coordinator remember more.</summary>
    public const int MaxPending = 1024;

    /// <summary>Workers of one node at most.</summary>
    public const int MaxWorkers = 1024;

    private const int MaxNameLength = 100;
    private const int MaxLoggedLength = 1000;

    private readonly List<Pending> _pending = [];
    private readonly Dictionary<ParticipantId, IActorRef> _nodes = [];
    private readonly Dictionary<string, int> _incarnations = [];
    private bool _isDismissed;

    /// <summary>Accepted nodes that are not gone yet.</summary>
    public IReadOnlyCollection<ParticipantId> Nodes => _nodes.Keys;

    /// <summary>A node asks for a nonce.</summary>
    public IReadOnlyList<RegistrationEffect> OnRequestNonce(IActorRef sender, RequestNonce request)
    {
        if (request.WireVersion != WireVersion.Current)
        {
            string text =
                $"it speaks wire version {request.WireVersion}, the coordinator {WireVersion.Current}: use the same program on both";
            return Refuse(sender, new(RefusalCause.WireVersion, text), sender.Path.Address.ToString());
        }

        if (request.NodeNonce.Length != CookieProof.NonceBytes)
        {
            string text = $"its nonce has {request.NodeNonce.Length} bytes, a nonce has {CookieProof.NonceBytes}";
            return Refuse(sender, new(RefusalCause.Nonce, text), sender.Path.Address.ToString());
        }

        if (_pending.Count == MaxPending)
        {
            _pending.RemoveAt(0);
        }

        byte[] nonce = newNonce();
        _pending.Add(new(sender, request.NodeNonce, nonce));
        byte[] proof = CookieProof.OfCoordinator(security, request.NodeNonce, nonce);
        return [new RegistrationEffect.Send(sender, new RegistrationNonce(nonce, proof))];
    }

    /// <summary>A node registers. A nonce serves once, for the node that it was sent to.</summary>
    public IReadOnlyList<RegistrationEffect> OnRegister(IActorRef sender, RegisterNode node)
    {
        Pending? pending = _pending.Find(candidate =>
            candidate.Node.Equals(node.Node) && candidate.OwnNonce.AsSpan().SequenceEqual(node.CoordinatorNonce));
        if (pending is null || _isDismissed)
        {
            return [];
        }

        _pending.RemoveAll(candidate => candidate.Node.Equals(node.Node));
        byte[] expected = CookieProof.OfNode(security, pending.NodeNonce, pending.OwnNonce, node.Name);
        if ((CookieProof.Check(expected, node.Proof) ?? Admission.Check(node, arithmetic)) is { } refusal)
        {
            return Refuse(sender, refusal, node.Name);
        }

        // Two names that are sanitised to the same one share one sequence of incarnations.
        string name = Sanitise(node.Name);
        int incarnation = _incarnations[name] = _incarnations.GetValueOrDefault(name) + 1;
        var id = new ParticipantId(string.Create(CultureInfo.InvariantCulture, $"{name}.{incarnation}"));
        _nodes.Add(id, node.Node);
        return [new RegistrationEffect.Accept(id, node.Node, node.Name, (int)Math.Min(node.Workers, MaxWorkers))];
    }

    /// <summary>An accepted node did not open its data link.</summary>
    public IReadOnlyList<RegistrationEffect> OnLinkNotOpened(ParticipantId id, string reason) => Forget(id, reason);

    /// <summary>The run has lost a node that the registry may not know of yet.</summary>
    /// <param name="id">The node's incarnation.</param>
    /// <param name="reason">Text for the log; null if the run's own events report the loss.</param>
    public IReadOnlyList<RegistrationEffect> OnLostByRun(ParticipantId id, string? reason) => Forget(id, reason);

    /// <summary>A node leaves.</summary>
    public IReadOnlyList<RegistrationEffect> OnLeaving(IActorRef sender, NodeLeaving leaving) =>
        Lose(node => node.Equals(sender), LossCause.Left, $"it leaves: {Printable(leaving.Reason)}");

    /// <summary>The cluster has lost the node at an address.</summary>
    /// <param name="address">Address of the node's actor system.</param>
    /// <param name="cause"><see cref="LossCause.Unreachable"/> or <see cref="LossCause.RemovedFromCluster"/>.</param>
    public IReadOnlyList<RegistrationEffect> OnMemberLost(Address address, LossCause cause) => Lose(
        node => node.Path.Address.Equals(address),
        cause,
        cause == LossCause.Unreachable ? "the cluster cannot reach it" : "it is no longer a member of the cluster");

    /// <summary>The run ends: dismisses all nodes and accepts no more.</summary>
    /// <param name="outcome">Text for the nodes' logs.</param>
    /// <param name="mayReturn">Whether another coordinator may take the run over: then the nodes wait for it.</param>
    public IReadOnlyList<RegistrationEffect> OnDismiss(string outcome, bool mayReturn)
    {
        _isDismissed = true;
        IControlMessage message = mayReturn ? new CoordinatorLeaving(term, outcome) : new RunDismissed(term, outcome);
        return
        [
            .. _nodes.Values.Select(node => new RegistrationEffect.Send(node, message)),
            new RegistrationEffect.CloseLinks(outcome, mayReturn),
            .. DismissalIfComplete(),
        ];
    }

    // The peer is unauthenticated: its text is sanitised so that it cannot forge log lines.
    private static IReadOnlyList<RegistrationEffect> Refuse(IActorRef sender, Refusal refusal, string name) =>
    [
        new RegistrationEffect.Log($"refused {Sanitise(name)}: {Printable(refusal.Text)}"),
        new RegistrationEffect.Send(sender, refusal.ToMessage()),
    ];

    private IReadOnlyList<RegistrationEffect> Lose(Predicate<IActorRef> isLost, LossCause cause, string text)
    {
        ParticipantId[] lost = [.. _nodes.Where(entry => isLost(entry.Value)).Select(entry => entry.Key)];
        if (lost.Length == 0)
        {
            return [];
        }

        foreach (ParticipantId id in lost)
        {
            _nodes.Remove(id);
        }

        return [.. lost.Select(id => new RegistrationEffect.ReportLost(id, cause, text)), .. DismissalIfComplete()];
    }

    private IReadOnlyList<RegistrationEffect> Forget(ParticipantId id, string? reason)
    {
        if (!_nodes.Remove(id))
        {
            return [];
        }

        return [.. reason is null ? [] : new[] { new RegistrationEffect.Log($"{id}: {reason}") }, .. DismissalIfComplete()];
    }

    private IEnumerable<RegistrationEffect> DismissalIfComplete() =>
        _isDismissed && _nodes.Count == 0 ? [new RegistrationEffect.DismissalComplete()] : [];

    private static string Printable(string text) =>
        string.Concat(text.Take(MaxLoggedLength).Select(c => char.IsControl(c) ? ' ' : c));

    // A name becomes part of an actor's path.
    private static string Sanitise(string name) =>
        string.Concat(name.Take(MaxNameLength).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-'));

    private sealed record Pending(IActorRef Node, byte[] NodeNonce, byte[] OwnNonce);
}
