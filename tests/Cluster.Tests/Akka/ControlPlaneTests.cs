using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.AkkaSupport;

/// <summary>Real actor systems over loopback.</summary>
public sealed class ControlPlaneTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private readonly Authority _authority = new("ours");
    private readonly List<ActorSystem> _systems = [];

    [Fact]
    public async Task A_registration_and_the_reference_in_it_cross_the_wire()
    {
        (ActorSystem coordinator, ActorSystem worker) = (Start(LinkSecurity.None), Start(LinkSecurity.None));
        await AssertRegisters(worker, coordinator);
    }

    [Fact]
    public async Task Two_certificates_of_one_authority_let_two_systems_talk()
    {
        ActorSystem coordinator = Start(LinkSecurity.WithTls(_authority.Identity()));
        ActorSystem worker = Start(LinkSecurity.WithTls(_authority.Identity()));
        Assert.Equal("akka.ssl.tcp", AddressOf(coordinator).Protocol);
        await AssertRegisters(worker, coordinator);
    }

    [Fact]
    public async Task A_system_of_another_authority_cannot_talk_and_is_logged()
    {
        using var foreign = new Authority("theirs");
        ActorSystem coordinator = Start(LinkSecurity.WithTls(_authority.Identity()));
        ChannelReader<string> log = LogOf(coordinator);
        // It trusts us, so it is ours to refuse it.
        ActorSystem stranger = Start(LinkSecurity.WithTls(new(foreign.Assign("localhost"), _authority.Identity().Authorities)));
        await AssertUnheard(stranger, coordinator);
        await Logged(log, "not to be trusted");
    }

    [Fact]
    public async Task A_system_refuses_a_coordinator_of_another_authority_or_host()
    {
        using var foreign = new Authority("theirs");
        foreach (TlsIdentity identity in new TlsIdentity[] { new(foreign.Assign("localhost"), _authority.Identity().Authorities), _authority.Identity("elsewhere") })
        {
            ActorSystem impostor = Start(LinkSecurity.WithTls(identity));
            ActorSystem worker = Start(LinkSecurity.WithTls(_authority.Identity()));
            await AssertUnheard(worker, impostor);
        }
    }

    [Fact]
    public async Task A_node_that_breaks_off_the_handshake_costs_the_one_that_dials_it_nothing()
    {
        ActorSystem dialler = Start(AkkaConfig.Serialization + "\nakka.remote.retry-gate-closed-for = 100 ms", LinkSecurity.WithTls(_authority.Identity()));
        using var dying = new TcpListener(IPAddress.Loopback, 0);
        dying.Start();
        ActorSelection target = dialler.ActorSelection(new RootActorPath(AddressOf(dialler).WithPort(((IPEndPoint)dying.LocalEndpoint).Port)) / "user" / "anybody");
        using var timeout = new CancellationTokenSource(Timeout);
        // A system that shut down after the first would never dial again.
        for (int call = 0; call < 3; call++)
        {
            // Until it is heard: what is sent while the gate is closed is lost.
            using var calling = new Cancelable(dialler.Scheduler);
            dialler.Scheduler.Advanced.ScheduleRepeatedly(TimeSpan.Zero, TimeSpan.FromMilliseconds(20), () => target.Tell(new NodeLeaving("w", "a call")), calling);
            using Socket socket = await dying.AcceptSocketAsync(timeout.Token);
            calling.Cancel();
            await socket.ReceiveAsync(new byte[1]);
        }

        await AssertRegisters(Start(LinkSecurity.WithTls(_authority.Identity())), dialler);
    }

    [Fact]
    public async Task A_system_without_tls_cannot_talk_to_one_with_it()
    {
        ActorSystem coordinator = Start(LinkSecurity.WithTls(_authority.Identity()));
        using var plain = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };
        plain.Connect(IPAddress.Loopback, AddressOf(coordinator).Port!.Value);
        plain.Send("GET / HTTP/1.1\r\n\r\n"u8);
        await AssertRegisters(Start(LinkSecurity.WithTls(_authority.Identity())), coordinator);
    }

    [Fact]
    public async Task Noise_on_the_port_of_the_control_plane_harms_nobody()
    {
        ActorSystem coordinator = Start(LinkSecurity.None);
        ActorSystem worker = Start(LinkSecurity.None);
        await AssertRegisters(worker, coordinator);
        var random = new Random(1);
        for (int i = 0; i < 30; i++)
        {
            byte[] noise = new byte[4 + random.Next(3000)];
            random.NextBytes(noise);
            // Every kind of frame length in front: nonsense, the largest there is, and the right one.
            BinaryPrimitives.WriteInt32LittleEndian(noise, (i % 3) switch { 0 => random.Next(), 1 => int.MaxValue, _ => noise.Length - 4 });
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, AddressOf(coordinator).Port!.Value);
            socket.Send(noise);
            socket.Shutdown(SocketShutdown.Send);
        }

        await AssertRegisters(worker, coordinator);
        await AssertRegisters(Start(LinkSecurity.None), coordinator);
    }

    [Fact]
    public async Task Hostile_messages_cost_themselves_and_not_the_connection()
    {
        ActorSystem coordinator = Start(LinkSecurity.None);
        ChannelReader<string> log = LogOf(coordinator);
        ActorSystem attacker = Start(
            """
            akka.actor {
              serializers.attack = "NnCluster.Cluster.Tests.AkkaSupport.ControlPlaneTests+AttackSerializer, NnCluster.Cluster.Tests"
              serialization-bindings."NnCluster.Cluster.Tests.AkkaSupport.ControlPlaneTests+Attack, NnCluster.Cluster.Tests" = attack
              serialization-identifiers."NnCluster.Cluster.Tests.AkkaSupport.ControlPlaneTests+AttackSerializer, NnCluster.Cluster.Tests" = -5
            }
            """,
            LinkSecurity.None);
        ActorSelection target = attacker.ActorSelection(new RootActorPath(AddressOf(coordinator)) / "user" / "coordinator");
        await target.Ask<ActorIdentity>(new Identify(0), Timeout);

        var random = new Random(2);
        for (int i = 0; i < 50; i++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            target.Tell(new Attack(bytes));
        }

        target.Tell(new JsonAttack());
        int created = JsonAttack.Created;
        attacker.ActorOf(Props.Create<DeployedActor>().WithDeploy(Deploy.None.WithScope(new RemoteScope(AddressOf(coordinator)))), "deployed");

        // What is sent afterwards over the same connection still arrives.
        ActorIdentity identity = await target.Ask<ActorIdentity>(new Identify(1), Timeout);
        Assert.NotNull(identity.Subject);
        Assert.Equal(created, JsonAttack.Created);
        Assert.Equal(0, DeployedActor.Started);
        await Logged(log, "no actor is deployed from afar");
        await AssertRegisters(Start(LinkSecurity.None), coordinator);
    }

    public void Dispose()
    {
        Task.WaitAll([.. _systems.Select(system => system.Terminate())], Timeout);
        _authority.Dispose();
    }

    private static Address AddressOf(ActorSystem system) => ((ExtendedActorSystem)system).Provider.DefaultAddress;

    private static ChannelReader<string> LogOf(ActorSystem system)
    {
        var lines = Channel.CreateUnbounded<string>();
        IActorRef listener = system.ActorOf(Props.Create(() => new LogListener(lines.Writer)));
        system.EventStream.Subscribe(listener, typeof(LogEvent));
        return lines.Reader;
    }

    private static async Task Logged(ChannelReader<string> log, string text)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (!(await log.ReadAsync(timeout.Token)).Contains(text, StringComparison.Ordinal))
        {
        }
    }

    private static async Task AssertRegisters(ActorSystem worker, ActorSystem coordinator)
    {
        RegistrationRefused answer = await Register(worker, coordinator).WaitAsync(Timeout);
        Assert.Equal(new((long)RefusalCause.WorkerCount, "no seat left"), answer);
    }

    private static async Task AssertUnheard(ActorSystem worker, ActorSystem coordinator) =>
        await Assert.ThrowsAsync<TimeoutException>(() => Register(worker, coordinator).WaitAsync(TimeSpan.FromSeconds(1.5)));

    private static Task<RegistrationRefused> Register(ActorSystem worker, ActorSystem coordinator)
    {
        var answer = new TaskCompletionSource<RegistrationRefused>(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef node = worker.ActorOf(Props.Create(() => new Node(answer)));
        worker.ActorSelection(new RootActorPath(AddressOf(coordinator)) / "user" / "coordinator")
            .Tell(new RegisterNode(node, "w", 2, WireVersion.Current, "0.1.0", ["simd"], CookieProof.NewNonce(), []));
        return answer.Task;
    }

    private ActorSystem Start(LinkSecurity security) => Start(AkkaConfig.Serialization, security);

    private ActorSystem Start(string serialization, LinkSecurity security)
    {
        (string tlsConfig, Setup? setup) = AkkaTls.Setup(security);
        Config config = ConfigurationFactory.ParseString(
            tlsConfig + "\n" + serialization + "\n" +
            """
            akka {
              actor.provider = remote
              stdout-loglevel = off
              loglevel = warning
              loggers = []
              log-dead-letters = off
              remote.dot-netty.tcp { hostname = localhost, port = 0 }
            }
            """);
        var bootstrap = BootstrapSetup.Create().WithConfig(config);
        var system = ActorSystem.Create("plane", setup is null ? ActorSystemSetup.Create(bootstrap) : ActorSystemSetup.Create(bootstrap, setup));
        _systems.Add(system);
        system.ActorOf(Props.Create(() => new Coordinator()), "coordinator");
        return system;
    }

    private sealed class Coordinator : ReceiveActor
    {
        public Coordinator() => Receive<RegisterNode>(worker => worker.Node.Tell(new RegistrationRefused((long)RefusalCause.WorkerCount, "no seat left")));
    }

    private sealed class Node : ReceiveActor
    {
        public Node(TaskCompletionSource<RegistrationRefused> answer) => Receive<RegistrationRefused>(refused => answer.TrySetResult(refused));
    }

    private sealed class LogListener : ReceiveActor
    {
        public LogListener(ChannelWriter<string> lines) => Receive<LogEvent>(line => lines.TryWrite($"{line} {line.Cause}"));
    }

    private sealed record Attack(byte[] Bytes);

    private sealed class JsonAttack
    {
        public JsonAttack() => Created++;

        public static int Created { get; private set; }
    }

    private sealed class DeployedActor : ReceiveActor
    {
        public DeployedActor() => Started++;

        public static int Started { get; private set; }
    }

    /// <summary>Passes bytes of its own off as a control message.</summary>
    internal sealed class AttackSerializer(ExtendedActorSystem system) : Serializer(system)
    {
        public override bool IncludeManifest => false;

        public override int Identifier => -5;

        public override byte[] ToBinary(object obj) => ((Attack)obj).Bytes;

        public override object FromBinary(byte[] bytes, Type type) => throw new NotSupportedException();
    }
}
