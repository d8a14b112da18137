using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Control;

/// <summary>
/// What coordinator and worker nodes tell each other over Akka.Remote: small, rare, and never a tensor. Fields are
/// strings, longs, byte and string arrays and actor references only; <see cref="HyperionBridge"/> says why.
/// </summary>
public interface IControlMessage;

/// <summary>A worker node's first words to a coordinator; answered by <see cref="RegistrationNonce"/> or <see cref="RegistrationRefused"/>.</summary>
/// <param name="WireVersion">What the node speaks.</param>
/// <param name="NodeNonce">Random bytes the coordinator must prove the cookie over.</param>
public sealed record RequestNonce(long WireVersion, byte[] NodeNonce) : IControlMessage;

/// <summary>The coordinator's answer: what to prove the cookie over, and its own proof.</summary>
/// <param name="CoordinatorNonce">Random bytes, good for one registration.</param>
/// <param name="Proof"><see cref="CookieProof.OfCoordinator"/>; empty if the cluster has no cookie.</param>
public sealed record RegistrationNonce(byte[] CoordinatorNonce, byte[] Proof) : IControlMessage;

/// <summary>A worker node offers itself; answered by <see cref="RegistrationAccepted"/> or <see cref="RegistrationRefused"/>.</summary>
/// <param name="Node">The node's actor, to be answered and watched.</param>
/// <param name="Name">What to call the node.</param>
/// <param name="Workers">Workers it runs.</param>
/// <param name="WireVersion">What the node speaks.</param>
/// <param name="ProgramVersion">For people.</param>
/// <param name="Arithmetics">The arithmetic of every backend the node has.</param>
/// <param name="Datasets">SHA-256 of the data sets it holds.</param>
/// <param name="CoordinatorNonce">The nonce it was given.</param>
/// <param name="Proof"><see cref="CookieProof.OfNode"/>; empty if the node has no cookie.</param>
public sealed record RegisterNode(
    IActorRef Node,
    string Name,
    long Workers,
    long WireVersion,
    string ProgramVersion,
    string[] Arithmetics,
    string[] Datasets,
    byte[] CoordinatorNonce,
    byte[] Proof) : IControlMessage;

/// <summary>The coordinator takes the node in and says all it needs to begin.</summary>
/// <param name="Run">The run's specification, as <c>RunSpecJson</c> writes it.</param>
/// <param name="RunId">The run, whatever its life: terms of different runs say nothing about each other.</param>
/// <param name="Term">The coordinator's life.</param>
/// <param name="LinkHost">Where its <see cref="DataListener"/> is.</param>
/// <param name="LinkPort">And its port.</param>
/// <param name="LinkToken">Opens one link, soon.</param>
/// <param name="DatasetName">The data set's name, for people.</param>
/// <param name="DatasetSha256">The data set's content.</param>
/// <param name="DatasetLength">Its bytes, if the node must fetch it.</param>
/// <param name="Blas">The backend whose arithmetic the run declares.</param>
public sealed record RegistrationAccepted(
    string Run,
    string RunId,
    long Term,
    string LinkHost,
    long LinkPort,
    byte[] LinkToken,
    string DatasetName,
    string DatasetSha256,
    long DatasetLength,
    string Blas) : IControlMessage;

/// <summary>The coordinator does not take the node in.</summary>
/// <param name="Reason">For the node's user: what differs, and what would be right.</param>
public sealed record RegistrationRefused(string Reason) : IControlMessage;

/// <summary>A worker node shards of its own will; its shards go to others at once.</summary>
public sealed record NodeLeaving(string Name, string Reason) : IControlMessage;

/// <summary>The run is over; no worker is needed any more. A link says the same by <see cref="GoodbyeKind.RunOver"/>.</summary>
/// <param name="Term">The coordinator's life.</param>
/// <param name="Outcome">How it ended, for people.</param>
public sealed record RunEnded(long Term, string Outcome) : IControlMessage;

/// <summary>This coordinator stops before the run is over; another life of it may come.</summary>
/// <param name="Term">The life that ends.</param>
/// <param name="Reason">For people.</param>
public sealed record CoordinatorLeaving(long Term, string Reason) : IControlMessage;
