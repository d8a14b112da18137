using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Hosting;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>
/// The side of a run that other machines see: a member of the cluster with the coordinator and the registry, and the
/// listener of the links.
/// </summary>
internal sealed class ClusterFront : IAsyncDisposable
{
    private readonly ClusterHost _host;
    private readonly DataListener _listener;
    private readonly IActorRef _registry;

    private ClusterFront(ClusterHost host, DataListener listener)
    {
        _host = host;
        _listener = listener;
        Coordinator = host.Actors.Get<CoordinatorActor>();
        _registry = host.Actors.Get<RegistrationActor>();
    }

    /// <summary>The coordinator.</summary>
    public IActorRef Coordinator { get; }

    /// <summary>Listens, starts the actors, and says where workers may join.</summary>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public static async Task<ClusterFront> OpenAsync(ClusterRequest request, CoordinatorSetup setup, Action<string> log)
    {
        var listener = new DataListener(new(AddressOf(request.Listen.Host), request.LinkPort), request.Security, new(), log);
        try
        {
            var node = new ClusterNode
            {
                Role = ClusterNode.CoordinatorRole,
                Host = request.Host,
                BindHost = request.Listen.Host,
                Port = request.Listen.Port,
                Seed = ClusterNode.AddressOf(request.Host, request.Listen.Port, request.Security),
                Security = request.Security,
            };
            ClusterHost host = await ClusterHost.StartAsync(node, WorkerActor.DispatcherConfig + "\n" + CoordinatorActor.DispatcherConfig, (system, actors) =>
            {
                IActorRef coordinator = system.ActorOf(CoordinatorActor.Props(setup), "coordinator");
                actors.Register<CoordinatorActor>(coordinator);
                actors.Register<RegistrationActor>(system.ActorOf(
                    RegistrationActor.Props(new()
                    {
                        Welcome = WelcomeFrom(request, setup, listener),
                        Arithmetic = setup.Workers.Spec.Arithmetic,
                        Listener = listener,
                        Security = request.Security,
                        Coordinator = coordinator,
                        Log = log,
                    }),
                    "registry"));
            }).ConfigureAwait(false);
            int missing = setup.Settings.WorkersNeeded(hasStarted: false) - setup.LocalWorkers;
            log($"listening on {request.Listen} (term {setup.Remote!.Term}); "
                + (missing > 0 ? $"waiting for {missing} worker{(missing == 1 ? "" : "s")}" : "workers may join")
                + $": nncluster worker --join {request.Listen with { Host = request.Host }}");
            return new(host, listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Tells every worker that the run is over, and waits until their links are closed.</summary>
    public async Task DismissAsync(RunOutcome outcome, TimeSpan timeout)
    {
        string said = outcome.Failure is { } failure ? $"it failed: {failure}" : outcome.Interrupted ? "the run was stopped with a checkpoint and may be resumed" : "it is complete";
        try
        {
            await _registry.Ask<NodesDismissed>(new DismissNodes(said, outcome.Interrupted), timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // Whoever does not answer finds the connection closed.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _host.DisposeAsync().ConfigureAwait(false);
    }

    private static RegistrationAccepted WelcomeFrom(ClusterRequest request, CoordinatorSetup setup, DataListener listener)
    {
        RunSpec spec = setup.Workers.Spec;
        return new(
            spec.ToJson(),
            setup.Remote!.RunId,
            setup.Remote.Term,
            request.LinkAdvertise?.Host ?? request.Host,
            request.LinkAdvertise?.Port ?? listener.EndPoint.Port,
            [],
            spec.Dataset,
            spec.DatasetSha256,
            DatasetContent.Length(setup.Workers.Data),
            setup.Workers.Blas.Name);
    }

    private static IPAddress AddressOf(string host)
    {
        try
        {
            return IPAddress.TryParse(host, out IPAddress? address) ? address : Dns.GetHostAddresses(host)[0];
        }
        catch (SocketException e)
        {
            throw new BadInputException($"--listen {host}: {e.Message}", e);
        }
    }
}
