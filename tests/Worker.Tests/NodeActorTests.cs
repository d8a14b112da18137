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

/// <summary>Real nodes over loopback, before a coordinator that only welcomes.</summary>
public sealed class NodeActorTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly SmallRun _run = new();
    private readonly string _cache = Directory.CreateTempSubdirectory("nncluster-test-").FullName;
    private readonly NodeMemory _memory = new();

    public void Dispose()
    {
        _run.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public async Task A_lower_term_of_the_same_run_is_refused()
    {
        await using Coordinators coordinators = await Coordinators.StartAsync(_run);
        Assert.Contains("no link", await LiveAsync(coordinators, "run-a", 2), StringComparison.Ordinal);
        Assert.Contains("its term is 1, and a coordinator of term 2 of the same run has been seen", await LiveAsync(coordinators, "run-a", 1), StringComparison.Ordinal);
        Assert.Equal(("run-a", 2L), _memory.Run);
        Assert.Contains("no link", await LiveAsync(coordinators, "run-a", 3), StringComparison.Ordinal);
        Assert.Equal(("run-a", 3L), _memory.Run);
    }

    [Fact]
    public async Task A_lower_term_of_another_run_is_taken()
    {
        await using Coordinators coordinators = await Coordinators.StartAsync(_run);
        Assert.Contains("no link", await LiveAsync(coordinators, "run-a", 2), StringComparison.Ordinal);
        Assert.Contains("no link", await LiveAsync(coordinators, "run-b", 1), StringComparison.Ordinal);
        Assert.Equal(("run-b", 1L), _memory.Run);
    }

    /// <summary>One life of a node, up to the link that nobody answers if it takes the coordinator; why it ended.</summary>
    private async Task<string> LiveAsync(Coordinators coordinators, string runId, long term)
    {
        coordinators.Welcome = coordinators.Welcome with { RunId = runId, Term = term };
        var ended = new TaskCompletionSource<NodeEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        var setup = new NodeSetup
        {
            Name = "node",
            Workers = 1,
            Backends = [_run.Blas],
            Cache = new DatasetCache(_cache),
            Memory = _memory,
            Security = LinkSecurity.None,
            Log = _ => { },
            Health = new HealthState(TimeProvider.System),
            Ended = ended,
        };
        var node = new ClusterNode { Role = ClusterNode.WorkerRole, Host = "127.0.0.1", Security = LinkSecurity.None };
        await using ClusterHost host = await ClusterHost.StartAsync(
            node, WorkerActor.DispatcherConfig, (system, _) => system.ActorOf(NodeActor.Props(setup), "node").Tell(new JoinCoordinator(coordinators.Address)));
        NodeEnd end = await ended.Task.WaitAsync(Timeout);
        Assert.Equal(NodeEndKind.CoordinatorGone, end.Kind);
        return end.Reason;
    }

    /// <summary>The coordinators at one address, one after the other: they differ in their welcome.</summary>
    private sealed class Coordinators : IAsyncDisposable
    {
        private readonly ClusterHost _host;
        private readonly Socket _taken;

        private Coordinators(ClusterHost host, Socket taken) => (_host, _taken) = (host, taken);

        public required RegistrationAccepted Welcome { get; set; }

        public Address Address => ((ExtendedActorSystem)_host.System).Provider.DefaultAddress;

        public static async Task<Coordinators> StartAsync(SmallRun run)
        {
            // Bound and not listened on: whoever connects is refused at once.
            var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
            taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Coordinators? coordinators = null;
            var node = new ClusterNode { Role = ClusterNode.CoordinatorRole, Host = "127.0.0.1", Security = LinkSecurity.None };
            ClusterHost host = await ClusterHost.StartAsync(
                node, "", (system, _) => system.ActorOf(Props.Create(() => new Registry(() => coordinators!.Welcome)), "registry"));
            int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
            coordinators = new(host, taken)
            {
                Welcome = new(run.Spec.ToJson(), "", 0, "127.0.0.1", port, new byte[32], "small", run.Data.Sha256, 1, "simd"),
            };
            ClusterHost.Join(host.System, coordinators.Address);
            return coordinators;
        }

        public async ValueTask DisposeAsync()
        {
            await _host.DisposeAsync();
            _taken.Dispose();
        }
    }

    private sealed class Registry : ReceiveActor
    {
        public Registry(Func<RegistrationAccepted> welcome)
        {
            Receive<RequestNonce>(_ => Sender.Tell(new RegistrationNonce(CookieProof.NewNonce(), [])));
            Receive<RegisterNode>(worker => worker.Node.Tell(welcome()));
            ReceiveAny(_ => { });
        }
    }
}
