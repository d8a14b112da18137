using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Serialization;
using NnCluster.AkkaSupport;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>
/// A node of this test's own that speaks the cluster's languages and means harm: registers like a worker, and says on
/// both planes what it likes.
/// </summary>
internal sealed class RogueNode : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly LinkSecurity _security;
    private readonly ActorSystem _system;
    private readonly Channel<IControlMessage> _inbox = Channel.CreateUnbounded<IControlMessage>();
    private readonly IActorRef _self;
    private readonly ActorSelection _registry;

    public RogueNode(int coordinatorPort, LinkSecurity security)
    {
        _security = security;
        (string tls, Setup? setup) = AkkaTls.Setup(security);
        var bootstrap = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(
            $$"""
            {{tls}}
            {{HyperionBridge.Config}}
            akka {
              actor {
                provider = remote
                serializers.forged = "{{typeof(ForgedSerializer).FullName}}, NnCluster.Cluster.Tests"
                serialization-bindings."{{typeof(Forged).FullName}}, NnCluster.Cluster.Tests" = forged
              }
              stdout-loglevel = off
              loglevel = off
              loggers = []
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            }
            """));
        _system = ActorSystem.Create("rogue", setup is null ? ActorSystemSetup.Create(bootstrap) : ActorSystemSetup.Create(bootstrap, setup));
        ChannelWriter<IControlMessage> writer = _inbox.Writer;
        _self = _system.ActorOf(Props.Create(() => new Ears(writer)), "node");
        _registry = _system.ActorSelection(new RootActorPath(ClusterNode.AddressOf("127.0.0.1", coordinatorPort, security)) / "user" / "registry");
    }

    /// <summary>Registers.</summary>
    /// <returns>The welcome, or the refusal.</returns>
    public async Task<IControlMessage> RegisterAsync(string name)
    {
        byte[] nonce = CookieProof.NewNonce();
        using var timeout = new CancellationTokenSource(Timeout);
        RegistrationNonce answer = await FirstAsync<RegistrationNonce>(() => Tell(new RequestNonce(WireVersion.Current, nonce)), timeout.Token);
        Tell(new RegisterNode(
            _self, name, 1, WireVersion.Current, "0", [Blas.Create("simd").Arithmetic], [],
            answer.CoordinatorNonce, CookieProof.OfNode(_security, nonce, answer.CoordinatorNonce, name)));
        IControlMessage decision;
        do
        {
            decision = await _inbox.Reader.ReadAsync(timeout.Token);
        }
        while (decision is RegistrationNonce);
        return decision;
    }

    /// <summary>Sends whatever bytes as a message of whatever serializer.</summary>
    public void Forge(int serializer, string manifest, byte[] bytes) => Tell(new Forged(serializer, manifest, bytes));

    /// <summary>Asks an actor that does not exist who it is, on behalf of nobody.</summary>
    public void AskNobody() => _system.ActorSelection(_registry.Anchor, "user/nobody").Tell(new Identify(0), ActorRefs.NoSender);

    /// <summary>A link's connection on which the token has been shown.</summary>
    public Stream OpenLink(RegistrationAccepted welcome)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, (int)welcome.LinkPort);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (_security.Tls is { } tls)
        {
            var secure = new SslStream(stream);
            secure.AuthenticateAsClient(tls.ClientOptions("127.0.0.1", _ => { }));
            stream = secure;
        }

        LinkHandshake.Introduce(stream, welcome.LinkToken);
        return stream;
    }

    public void Dispose()
    {
        _system.Terminate().Wait(Timeout);
        _system.Dispose();
    }

    private void Tell(object message) => _registry.Tell(message, _self);

    // Asks again, as a node does: what is sent before two systems know each other may be lost.
    private async Task<T> FirstAsync<T>(Action ask, CancellationToken cancellation)
        where T : IControlMessage
    {
        while (true)
        {
            ask();
            using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            round.CancelAfter(TimeSpan.FromSeconds(1));
            try
            {
                return (T)await _inbox.Reader.ReadAsync(round.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Nothing yet.
            }
        }
    }

    private sealed class Ears : ReceiveActor
    {
        public Ears(ChannelWriter<IControlMessage> inbox) => Receive<IControlMessage>(message => inbox.TryWrite(message));
    }

    internal sealed record Forged(int Serializer, string Manifest, byte[] Bytes);

    /// <summary>Writes bytes of its own; under whose number, the message says.</summary>
    internal sealed class ForgedSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        private const int OwnNumber = 99;

        // Asked for right after the bytes, on the same thread. Each system's own: under another's number it would take the
        // place of the real serializer when the system starts.
        private readonly ThreadLocal<int> _as = new(() => OwnNumber);

        public override int Identifier => _as.Value;

        public override byte[] ToBinary(object obj)
        {
            _as.Value = ((Forged)obj).Serializer;
            return ((Forged)obj).Bytes;
        }

        public override string Manifest(object o) => ((Forged)o).Manifest;

        public override object FromBinary(byte[] bytes, string manifest) => throw new NotSupportedException();
    }
}
