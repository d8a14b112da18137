using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

/// <summary>A coordinator that registers nodes as a test says, and opens their data links.</summary>
internal sealed class ScriptedCoordinator : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly ClusterHost _host;
    private readonly IActorRef _registry;
    private readonly DataListener _listener = new(new(IPAddress.Loopback, 0), LinkSecurity.None, new(), _ => { });
    private readonly Socket _closed = Bind();
    private readonly Socket _silent = Bind();
    private PendingLink? _ticket;
    private DataLink? _link;
    private IActorRef? _node;

    private ScriptedCoordinator(ClusterHost host, SmallRun run)
    {
        _host = host;
        _silent.Listen();
        Accepted = new(run.Spec.ToJson(), "run", 1, "127.0.0.1", _listener.EndPoint.Port, new byte[32], "small", run.Data.Sha256, 1000);
        Answer = accepted => accepted;
        ScriptedCoordinator self = this;
        _registry = host.System.ActorOf(Props.Create(() => new Registry(self)), "registry");
        ClusterHost.Join(host.System, Address);
    }

    public RegistrationAccepted Accepted { get; set; }

    /// <summary>The answer to a registration; null: none.</summary>
    public Func<RegistrationAccepted, IControlMessage?> Answer { get; set; }

    public bool SendsNonce { get; set; } = true;

    public Address Address => ((ExtendedActorSystem)_host.System).Provider.DefaultAddress;

    /// <summary>A port that is bound and refuses connections.</summary>
    public int ClosedPort => ((IPEndPoint)_closed.LocalEndPoint!).Port;

    /// <summary>A port that takes connections and answers nothing.</summary>
    public int SilentPort => ((IPEndPoint)_silent.LocalEndPoint!).Port;

    /// <summary>The data link of the node that <see cref="LinkedAsync"/> waited for.</summary>
    public DataLink Link => _link ?? throw new InvalidOperationException("no link is open");

    public static async Task<ScriptedCoordinator> StartAsync(SmallRun run)
    {
        var node = new ClusterNode { Role = ClusterNode.CoordinatorRole, Host = "127.0.0.1", Security = LinkSecurity.None };
        return new(await ClusterHost.StartAsync(node, (_, _) => { }), run);
    }

    /// <summary>The answer with a token for a data link.</summary>
    public RegistrationAccepted WithToken(RegistrationAccepted accepted)
    {
        _ticket = _listener.Expect(Timeout);
        return accepted with { LinkPort = _listener.EndPoint.Port, LinkToken = _ticket.Token.ToArray() };
    }

    /// <summary>Waits for the node's data link and starts it.</summary>
    public async Task LinkedAsync()
    {
        SpinWait.SpinUntil(() => _ticket is not null, Timeout);
        _link = await _ticket!.Link.WaitAsync(Timeout);
        _ticket = null;
        _link.Start(new(), frame => frame.Buffer?.Release(), _ => { });
    }

    /// <summary>Sends a control message to the node that registered last.</summary>
    public void Tell(IControlMessage message) => _node?.Tell(message, _registry);

    /// <summary>Sends a control message over the network to a node's actor.</summary>
    public void Tell(IControlMessage message, TestNode node) =>
        _host.System.ActorSelection(new RootActorPath(node.Address) / "user" / "node").Tell(message, _registry);

    public async ValueTask DisposeAsync()
    {
        _link?.Dispose();
        _listener.Dispose();
        await _host.DisposeAsync();
        _closed.Dispose();
        _silent.Dispose();
    }

    private static Socket Bind()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private sealed class Registry : ReceiveActor
    {
        public Registry(ScriptedCoordinator script)
        {
            Receive<RequestNonce>(_ => Sender.Tell(new RegistrationNonce(CookieProof.NewNonce(), [])), _ => script.SendsNonce);
            Receive<RegisterNode>(node =>
            {
                script._node = node.Node;
                if (script.Answer(script.Accepted) is { } answer)
                {
                    node.Node.Tell(answer);
                }
            });
            ReceiveAny(_ => { });
        }
    }
}
