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

/// <summary>A hostile node: registers like a worker and sends any bytes on both planes.</summary>
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
            {{AkkaConfig.Serialization}}
            akka {
              actor {
                provider = remote
                serializers.forged = "{{typeof(ForgedSerializer).FullName}}, {{typeof(Forged).Assembly.GetName().Name}}"
                serialization-bindings."{{typeof(Forged).FullName}}, {{typeof(Forged).Assembly.GetName().Name}}" = forged
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
    /// <returns><see cref="RegistrationAccepted"/> or <see cref="RegistrationRefused"/>.</returns>
    public async Task<IControlMessage> RegisterAsync(string name)
    {
        byte[] nonce = CookieProof.NewNonce();
        using var timeout = new CancellationTokenSource(Timeout);
        RegistrationNonce answer = await FirstAsync<RegistrationNonce>(() => Tell(new RequestNonce(WireVersion.Current, nonce)), timeout.Token);
        Tell(new RegisterNode(
            _self, name, 1, WireVersion.Current, "0", [Blas.Create("simd").Arithmetic],
            answer.CoordinatorNonce, CookieProof.OfNode(_security, nonce, answer.CoordinatorNonce, name)));
        IControlMessage decision;
        do
        {
            decision = await _inbox.Reader.ReadAsync(timeout.Token);
        }
        while (decision is RegistrationNonce);
        return decision;
    }

    /// <summary>Sends any bytes as a message of any serializer.</summary>
    public void Forge(int serializer, string manifest, byte[] bytes) => Tell(new Forged(serializer, manifest, bytes));

    /// <summary>Sends Identify to an actor that does not exist, without a sender.</summary>
    public void AskNobody() => _system.ActorSelection(_registry.Anchor, "user/nobody").Tell(new Identify(0), ActorRefs.NoSender);

    /// <summary>Opens a link's connection and has its token accepted.</summary>
    public Stream OpenLink(RegistrationAccepted accepted)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, (int)accepted.LinkPort);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (_security.Tls is { } tls)
        {
            var secure = new SslStream(stream);
            secure.AuthenticateAsClient(tls.ClientOptions("127.0.0.1", _ => { }));
            stream = secure;
        }

        LinkHandshake.Introduce(stream, accepted.LinkToken);
        return stream;
    }

    public void Dispose()
    {
        _system.Terminate().Wait(Timeout);
        _system.Dispose();
    }

    private void Tell(object message) => _registry.Tell(message, _self);

    // Repeats the request, as a node does: messages sent before two actor systems are associated may be lost.
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
                // No answer yet.
            }
        }
    }

    private sealed class Ears : ReceiveActor
    {
        public Ears(ChannelWriter<IControlMessage> inbox) => Receive<IControlMessage>(message => inbox.TryWrite(message));
    }

    internal sealed record Forged(int Serializer, string Manifest, byte[] Bytes);

    /// <summary>Serializes a message as its own bytes, under the serializer number that it names.</summary>
    internal sealed class ForgedSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        private const int OwnNumber = 99;

        // Akka.NET reads the identifier right after the bytes, on the same thread. It begins as a number of its own: under
        // another's number this serializer would replace the real one when the system starts.
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
