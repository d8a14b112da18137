using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NnCluster.AkkaSupport;

/// <summary>An actor system that is a member of the cluster, for one incarnation of a node.</summary>
internal sealed class ClusterHost : IAsyncDisposable
{
    private const int DiscardPort = 9;

    private static readonly TimeSpan CoordinatorFailureTimeout = TimeSpan.FromSeconds(4);

    // Only the coordinator judges reachability: workers need not reach each other, and a worker learns from its data link
    // that the coordinator is gone.
    private static readonly TimeSpan WorkerFailureTimeout = TimeSpan.FromDays(1);

    private readonly IHost _host;

    private ClusterHost(IHost host) => _host = host;

    /// <summary>The running system.</summary>
    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>The node's actors by type.</summary>
    public IActorRegistry Actors => _host.Services.GetRequiredService<IActorRegistry>();

    /// <summary>Starts the system, joins the cluster in the background, and starts the actors.</summary>
    /// <param name="node">Role and addresses.</param>
    /// <param name="actors">Starts the node's actors.</param>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public static async Task<ClusterHost> StartAsync(ClusterNode node, Action<ActorSystem, IActorRegistry> actors)
    {
        var output = new LogOutput(node.Log);
        IHost host = Build(node, output, actors);
        try
        {
            await host.StartAsync().ConfigureAwait(false);
            return new(host);
        }
        catch (Exception e) when (Cause<SocketException>(e) is { } refused)
        {
            output.Mute();
            host.Dispose();
            throw new BadInputException($"cannot listen on {node.BindHost ?? node.Host}:{node.Port}: {refused.Message}", e);
        }
    }

    /// <summary>Joins the cluster of a coordinator, in the background; retries until the coordinator answers.</summary>
    public static void Join(ActorSystem system, Address coordinator) => Akka.Cluster.Cluster.Get(system).JoinSeedNodes([coordinator]);

    /// <summary>Address of this machine on the route to <paramref name="target"/>.</summary>
    /// <exception cref="SocketException">There is no route.</exception>
    public static IPAddress LocalAddressTowards(IPAddress target)
    {
        // Connecting a datagram socket sends nothing; it only looks up the route.
        using var probe = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        probe.Connect(target, DiscardPort);
        return ((IPEndPoint)probe.LocalEndPoint!).Address;
    }

    /// <summary>Leaves the cluster gracefully and ends the system.</summary>
    public async ValueTask DisposeAsync()
    {
        ActorSystem system = System;
        await _host.StopAsync().ConfigureAwait(false);
        _host.Dispose();
        await system.WhenTerminated.ConfigureAwait(false);
        ThreadCaches.Release(system);
    }

    private static IHost Build(ClusterNode node, LogOutput output, Action<ActorSystem, IActorRegistry> actors)
    {
        (string tls, Akka.Actor.Setup.Setup? setup) = AkkaTls.Setup(node.Security);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        // The program handles SIGINT and SIGTERM itself; keep the host from doing so.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddAkka(ClusterNode.SystemName, akka =>
        {
            akka.AddHocon(AkkaConfig.Member(node.Dials, tls), HoconAddMode.Prepend);
            akka.WithRemoting(new RemoteOptions
            {
                HostName = node.BindHost ?? node.Host,
                PublicHostName = node.Host,
                Port = node.Port,
                PublicPort = node.PublicPort,
            });
            akka.WithClustering(new ClusterOptions
            {
                Roles = [node.Role],
                SeedNodes = node.Seed is null ? [] : [node.Seed.ToString()],
                LogInfo = false,
                SplitBrainResolver = new StaticQuorumOption { QuorumSize = 1, Role = ClusterNode.CoordinatorRole },
                FailureDetector = new()
                {
                    HeartbeatInterval = TimeSpan.FromSeconds(1),
                    AcceptableHeartbeatPause =
                        node.Role == ClusterNode.CoordinatorRole ? CoordinatorFailureTimeout : WorkerFailureTimeout,
                },
            });
            akka.AddSetup(output);
            if (setup is not null)
            {
                akka.AddSetup(setup);
            }

            akka.WithActors(actors);
        });
        return builder.Build();
    }

    private static T? Cause<T>(Exception error)
        where T : Exception
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            if (e is T found)
            {
                return found;
            }

            if (e is AggregateException { InnerExceptions: var several })
            {
                return several.Select(Cause<T>).FirstOrDefault(cause => cause is not null);
            }
        }

        return null;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
