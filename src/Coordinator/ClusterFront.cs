using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// The network side of a run: a member of the cluster with the coordinator and the registry, and the listener of the
/// data links.
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

    /// <summary>The coordinator's actor.</summary>
    public IActorRef Coordinator { get; }

    /// <summary>Checks that a run can listen on its addresses, before anything is written for it.</summary>
    /// <exception cref="BadInputException">One is in use, or is no address of this machine.</exception>
    public static void RequireFree(ClusterRequest request)
    {
        if (request.LinkPort == request.Listen.Port)
        {
            throw new BadInputException($"cannot listen on {request.Listen} twice: the data links need a port of their own");
        }

        IPAddress address = AddressOf(request.Listen.Host);
        foreach (int port in new[] { request.Listen.Port, request.LinkPort }.Where(port => port > 0))
        {
            try
            {
                // Not listening: a node that probes must not take this for the coordinator.
                using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(address, port));
            }
            catch (SocketException e)
            {
                throw new BadInputException($"cannot listen on {request.Listen with { Port = port }}: {e.Message}", e);
            }
        }
    }

    /// <summary>Listens, starts the actors, and logs the address that nodes join.</summary>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public static async Task<ClusterFront> OpenAsync(ClusterRequest request, CoordinatorSetup setup, Action<string> log)
    {
        var listener = new DataListener(
            new(AddressOf(request.Listen.Host), request.LinkPort), request.Security, new(), refused => log(refused.ToString()));
        try
        {
            var node = new ClusterNode
            {
                Role = ClusterNode.CoordinatorRole,
                Log = log,
                Host = request.Reached.Host,
                PublicPort = request.Reached.Port,
                BindHost = request.Listen.Host,
                Port = request.Listen.Port,
                Seed = ClusterNode.AddressOf(request.Reached.Host, request.Reached.Port, request.Security),
                Security = request.Security,
            };
            ClusterHost host = await ClusterHost.StartAsync(node, (system, actors) =>
            {
                IActorRef coordinator = system.ActorOf(CoordinatorActor.Props(setup), "coordinator");
                actors.Register<CoordinatorActor>(coordinator);
                actors.Register<RegistrationActor>(system.ActorOf(
                    RegistrationActor.Props(new()
                    {
                        Answer = AnswerFrom(request, setup, listener),
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
                + $": nncluster worker --join {request.Reached}");
            return new(host, listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Dismisses every node, and waits until their data links are closed or the timeout has passed.</summary>
    public async Task DismissAsync(RunOutcome outcome, TimeSpan timeout)
    {
        string text = outcome.Failure is { } failure ? $"it failed: {failure}"
            : outcome.Interrupted ? "the run was stopped with a checkpoint and may be resumed"
            : "it is complete";
        try
        {
            await _registry.Ask<NodesDismissed>(new DismissNodes(text, outcome.Interrupted), timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // Disposing the listener closes the links of the remaining nodes.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _host.DisposeAsync().ConfigureAwait(false);
    }

    private static RegistrationAccepted AnswerFrom(ClusterRequest request, CoordinatorSetup setup, DataListener listener)
    {
        RunSpec spec = setup.Workers.Spec;
        return new(
            spec.ToJson(),
            setup.Remote!.RunId,
            setup.Remote.Term,
            request.LinkAdvertise?.Host ?? request.Reached.Host,
            request.LinkAdvertise?.Port ?? listener.EndPoint.Port,
            [],
            spec.Dataset,
            spec.DatasetSha256,
            setup.Remote.Content.Length);
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
