using Akka.Actor;
using NnCluster.Link;

namespace NnCluster.Control;

/// <summary>
/// Message between a coordinator and a node over Akka.Remote: small, rare, and never a tensor. Fields are strings, longs,
/// arrays of bytes and strings, and actor references only, all of them required; <c>ControlGrammar</c> checks
/// it.
/// </summary>
internal interface IControlMessage;

/// <summary>
/// First message of a node to a coordinator; answered by <see cref="RegistrationNonce"/> or
/// <see cref="RegistrationRefused"/>.
/// </summary>
/// <param name="WireVersion">Wire version of the node.</param>
/// <param name="NodeNonce">Random bytes over which the coordinator proves the cookie; <see cref="CookieProof.NonceBytes"/> of them.</param>
internal sealed record RequestNonce(long WireVersion, byte[] NodeNonce) : IControlMessage;

/// <summary>The coordinator's nonce and its proof of the cookie; answered by <see cref="RegisterNode"/>.</summary>
/// <param name="CoordinatorNonce">Random bytes, good for one registration.</param>
/// <param name="Proof"><see cref="CookieProof.OfCoordinator"/>; empty if the cluster has no cookie.</param>
internal sealed record RegistrationNonce(byte[] CoordinatorNonce, byte[] Proof) : IControlMessage;

/// <summary>A node offers its workers; answered by <see cref="RegistrationAccepted"/> or <see cref="RegistrationRefused"/>.</summary>
/// <param name="Node">The node's actor, which receives the answer.</param>
/// <param name="Name">Display name of the node, the same in all its incarnations.</param>
/// <param name="Workers">Number of workers, at least 1.</param>
/// <param name="WireVersion">Wire version of the node.</param>
/// <param name="ProgramVersion">Version of the program, for the log.</param>
/// <param name="Arithmetics">Arithmetic of every backend of the node.</param>
/// <param name="CoordinatorNonce">Nonce that the coordinator sent.</param>
/// <param name="Proof"><see cref="CookieProof.OfNode"/>; empty if the node has no cookie.</param>
internal sealed record RegisterNode(
    IActorRef Node,
    string Name,
    long Workers,
    long WireVersion,
    string ProgramVersion,
    string[] Arithmetics,
    byte[] CoordinatorNonce,
    byte[] Proof) : IControlMessage;

/// <summary>The coordinator accepts the node into the run; the node opens its data link next.</summary>
/// <param name="Run">Specification of the run, as <c>RunSpecJson</c> writes it.</param>
/// <param name="RunId">Id of the run, the same in all terms; terms of different runs are not comparable.</param>
/// <param name="Term">Term of the coordinator.</param>
/// <param name="LinkHost">Host of its <see cref="DataListener"/>.</param>
/// <param name="LinkPort">Port of the listener.</param>
/// <param name="LinkToken">Opens one data link, within seconds.</param>
/// <param name="DatasetName">Display name of the data set.</param>
/// <param name="DatasetSha256">SHA-256 of the data set's canonical bytes.</param>
/// <param name="DatasetLength">Number of those bytes.</param>
internal sealed record RegistrationAccepted(
    string Run,
    string RunId,
    long Term,
    string LinkHost,
    long LinkPort,
    byte[] LinkToken,
    string DatasetName,
    string DatasetSha256,
    long DatasetLength) : IControlMessage;

/// <summary>The coordinator does not accept the node.</summary>
/// <param name="Cause">A <see cref="RefusalCause"/>.</param>
/// <param name="Reason">Text for the node's user: the difference, and the remedy.</param>
internal sealed record RegistrationRefused(long Cause, string Reason) : IControlMessage;

/// <summary>A node leaves; its shards are reassigned at once.</summary>
/// <param name="Name">Display name of the node.</param>
/// <param name="Reason">Text for the log.</param>
internal sealed record NodeLeaving(string Name, string Reason) : IControlMessage;

/// <summary>The run is over: the node is no longer needed. On a data link, <see cref="GoodbyeKind.RunOver"/>.</summary>
/// <param name="Term">Term of the coordinator.</param>
/// <param name="Outcome">Text for the log.</param>
internal sealed record RunDismissed(long Term, string Outcome) : IControlMessage;

/// <summary>This coordinator stops before the run is over; another may take over with a higher term.</summary>
/// <param name="Term">Term that ends.</param>
/// <param name="Reason">Text for the log.</param>
internal sealed record CoordinatorLeaving(long Term, string Reason) : IControlMessage;
