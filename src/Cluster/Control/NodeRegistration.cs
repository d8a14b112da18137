using Akka.Actor;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Control;

/// <summary>What a node offers a coordinator.</summary>
/// <param name="Node">The node's actor.</param>
/// <param name="Name">Display name.</param>
/// <param name="Workers">Number of workers.</param>
/// <param name="ProgramVersion">Version of the program.</param>
/// <param name="Arithmetics">Arithmetic of every backend.</param>
internal sealed record NodeOffer(IActorRef Node, string Name, int Workers, string ProgramVersion, string[] Arithmetics);

/// <summary>What <see cref="NodeRegistration"/> asks its actor to do.</summary>
internal abstract record NodeDecision
{
    /// <summary>Answer the coordinator's nonce.</summary>
    public sealed record Register(RegisterNode Message) : NodeDecision;

    /// <summary>Open the data link of a run.</summary>
    public sealed record OpenLink(RegistrationAccepted Accepted, RunSpec Spec) : NodeDecision;

    /// <summary>End this incarnation.</summary>
    /// <param name="Cause">Cause, for programs.</param>
    /// <param name="Text">Text for the log.</param>
    /// <param name="Refusal">The coordinator's cause, with <see cref="NodeEndCause.RegistrationRefused"/>.</param>
    public sealed record End(NodeEndCause Cause, string Text, RefusalCause? Refusal = null) : NodeDecision;

    /// <summary>Do nothing.</summary>
    public sealed record Ignore(IgnoreCause Cause) : NodeDecision;
}

/// <summary>
/// The node's half of registration, without actors: input is a control message of the coordinator, output a decision.
/// The coordinator is believed nothing before it has proved the cookie, and no coordinator of a lower term of the same
/// run is obeyed. <see cref="CoordinatorRegistration"/> is the other half.
/// </summary>
/// <remarks>
/// <code>
/// AwaitingNonce ── RegistrationNonce, proved ─► AwaitingAnswer ── RegistrationAccepted, usable ─► Accepted
///       └─────────── RegistrationRefused ───────────┴─► end          RunDismissed, CoordinatorLeaving ─► end
/// </code>
/// </remarks>
/// <param name="offer">The node.</param>
/// <param name="security">Protection of the cluster.</param>
/// <param name="nonce">Nonce of this incarnation.</param>
/// <param name="newest">Run and highest term that the node has obeyed; null before the first.</param>
internal sealed class NodeRegistration(NodeOffer offer, LinkSecurity security, byte[] nonce, (string RunId, long Term)? newest)
{
    private State _state = State.AwaitingNonce;
    private long _term;

    private enum State
    {
        AwaitingNonce,
        AwaitingAnswer,
        Accepted,
    }

    /// <summary>The first message; may be repeated until a nonce arrives.</summary>
    public RequestNonce Request { get; } = new(WireVersion.Current, nonce);

    /// <summary>Decides about a message of the coordinator.</summary>
    public NodeDecision Handle(IControlMessage message) => (message, _state) switch
    {
        (RegistrationNonce answer, State.AwaitingNonce) => OnNonce(answer),
        (RegistrationNonce, _) => Ignore(IgnoreCause.AlreadyAnswered),
        (RegistrationRefused, State.Accepted) => Ignore(IgnoreCause.AlreadyAnswered),
        (RegistrationRefused refused, _) => OnRefused(Refusal.From(refused)),
        (RegistrationAccepted accepted, State.AwaitingAnswer) => OnAccepted(accepted),
        (RegistrationAccepted, State.Accepted) => Ignore(IgnoreCause.AlreadyAnswered),
        (RegistrationAccepted or RunDismissed or CoordinatorLeaving, not State.Accepted) => Ignore(IgnoreCause.NotRequested),
        (RunDismissed ended, _) => OnTerm(ended.Term, NodeEndCause.RunOver, ended.Outcome),
        (CoordinatorLeaving leaving, _) => OnTerm(leaving.Term, NodeEndCause.CoordinatorLeft, leaving.Reason),
        _ => Ignore(IgnoreCause.NotForNodes),
    };

    private static NodeDecision.Ignore Ignore(IgnoreCause cause) => new(cause);

    private static NodeDecision.End OnRefused(Refusal refusal) => new(NodeEndCause.RegistrationRefused, refusal.Text, refusal.Cause);

    private NodeDecision OnNonce(RegistrationNonce answer)
    {
        byte[] expected = CookieProof.OfCoordinator(security, nonce, answer.CoordinatorNonce);
        if (CookieProof.Check(expected, answer.Proof) is { } distrust)
        {
            return new NodeDecision.End(NodeEndCause.CoordinatorDistrusted, distrust.Text);
        }

        _state = State.AwaitingAnswer;
        return new NodeDecision.Register(new(
            offer.Node,
            offer.Name,
            offer.Workers,
            WireVersion.Current,
            offer.ProgramVersion,
            offer.Arithmetics,
            answer.CoordinatorNonce,
            CookieProof.OfNode(security, nonce, answer.CoordinatorNonce, offer.Name)));
    }

    private NodeDecision OnAccepted(RegistrationAccepted accepted)
    {
        if (newest is { } seen && seen.RunId == accepted.RunId && accepted.Term < seen.Term)
        {
            return new NodeDecision.End(
                NodeEndCause.StaleTerm,
                $"its term is {accepted.Term}, and a coordinator of term {seen.Term} of the same run has been seen");
        }

        try
        {
            RunSpec spec = RunSpecJson.Parse(accepted.Run, "the coordinator's answer");
            if (WhyUnusable(accepted, spec) is { } reason)
            {
                return new NodeDecision.End(NodeEndCause.RunUnusable, reason);
            }

            (_state, _term) = (State.Accepted, accepted.Term);
            return new NodeDecision.OpenLink(accepted, spec);
        }
        catch (BadInputException e)
        {
            return new NodeDecision.End(NodeEndCause.RunUnusable, e.Message);
        }
    }

    private string? WhyUnusable(RegistrationAccepted accepted, RunSpec spec)
    {
        if (accepted.LinkToken.Length != LinkHandshake.TokenBytes || accepted.LinkPort is < 1 or > ushort.MaxValue)
        {
            return $"the coordinator's answer names port {accepted.LinkPort} and a token of {accepted.LinkToken.Length} bytes";
        }

        if (accepted.DatasetLength < 1)
        {
            return $"the coordinator announces a data set of {accepted.DatasetLength} bytes";
        }

        return offer.Arithmetics.Contains(spec.Arithmetic, StringComparer.Ordinal)
            ? null
            : $"the run computes with {spec.Arithmetic}, this node has {string.Join(", ", offer.Arithmetics)}";
    }

    private NodeDecision OnTerm(long term, NodeEndCause cause, string text) =>
        term < _term ? Ignore(IgnoreCause.StaleTerm) : new NodeDecision.End(cause, text);
}
