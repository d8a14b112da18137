using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Hosting.SBR;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>How a node of the cluster is reached, and by which addresses it finds the others.</summary>
public sealed record ClusterNode
{
    /// <summary>The name of every node's actor system.</summary>
    public const string SystemName = "nncluster";

    /// <summary>The role of the one node that leads a run.</summary>
    public const string CoordinatorRole = "coordinator";

    /// <summary>The role of all others.</summary>
    public const string WorkerRole = "worker";

    /// <summary><see cref="CoordinatorRole"/> or <see cref="WorkerRole"/>.</summary>
    public required string Role { get; init; }

    /// <summary>What other nodes reach this one by; part of its identity.</summary>
    public required string Host { get; init; }

    /// <summary>The address it listens on, where that is not <see cref="Host"/>.</summary>
    public string? BindHost { get; init; }

    /// <summary>Its port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The address of the cluster's first node; null: the node joins later, by <see cref="ClusterHost.Join"/>.</summary>
    public Address? Seed { get; init; }

    /// <summary>The family of the addresses it dials, where a name has addresses of both; null: as the transport likes.</summary>
    public AddressFamily? Dials { get; init; }

    /// <summary>The cluster's protection.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>The address of a coordinator at a host and port.</summary>
    public static Address AddressOf(string host, int port, LinkSecurity security) => new(AkkaTls.ProtocolOf(security), SystemName, host, port);
}

/// <summary>An actor system that is a member of the cluster, for one life of a node.</summary>
public sealed class ClusterHost : IAsyncDisposable
{
    // Nobody waits for membership: links tell of a lost worker first. A split leaves the coordinator's side alive.
    private const string Config =
        """
        akka {
          daemonic = on
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = ["NnCluster.AkkaSupport.StandardErrorLogger, NnCluster.Cluster"]
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          # Every tick wakes two threads.
          scheduler.tick-duration = 50 ms
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            run-by-actor-system-terminate = on
            default-phase-timeout = 500 ms
            phases {
              cluster-leave.timeout = 500 ms
              cluster-exiting.timeout = 500 ms
              cluster-exiting-done.timeout = 500 ms
              cluster-shutdown.timeout = 500 ms
              actor-system-terminate.timeout = 2 s
            }
          }
          cluster {
            gossip-interval = 250 ms
            leader-actions-interval = 250 ms
            seed-node-timeout = 1 s
            retry-unsuccessful-join-after = 1 s
            run-coordinated-shutdown-when-down = on
            split-brain-resolver {
              stable-after = 5 s
              down-all-when-unstable = off
            }
          }
          remote {
            log-remote-lifecycle-events = off
            dot-netty.tcp.connection-timeout = 5 s
            handshake-timeout = 5 s
            retry-gate-closed-for = 1 s
          }
        }
        """;

    private const int AnyPort = 9;

    private static readonly TimeSpan CoordinatorTimeout = TimeSpan.FromSeconds(4);

    // Only the coordinator judges who can be reached: workers need not reach each other, and a worker learns from its
    // link that the coordinator is gone.
    private static readonly TimeSpan WorkerTimeout = TimeSpan.FromDays(1);

    private readonly IHost _host;

    private ClusterHost(IHost host) => _host = host;

    /// <summary>The running system.</summary>
    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>Its actors by type.</summary>
    public IActorRegistry Actors => _host.Services.GetRequiredService<IActorRegistry>();

    /// <summary>Starts the system, joins the cluster in the background, and starts the actors.</summary>
    /// <param name="node">Who this node is.</param>
    /// <param name="config">HOCON of the caller's own, such as dispatchers.</param>
    /// <param name="actors">Starts the node's actors.</param>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public static async Task<ClusterHost> StartAsync(ClusterNode node, string config, Action<ActorSystem, IActorRegistry> actors)
    {
        (string tls, Akka.Actor.Setup.Setup? setup) = AkkaTls.Setup(node.Security);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        // Signals are the program's own: they end a run, not its actors.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddAkka(ClusterNode.SystemName, akka =>
        {
            akka.AddHocon(config + "\n" + DialConfig(node.Dials) + "\n" + tls + "\n" + HyperionBridge.Config + "\n" + Config, HoconAddMode.Prepend);
            akka.WithRemoting(new RemoteOptions
            {
                HostName = node.BindHost ?? node.Host,
                PublicHostName = node.Host,
                Port = node.Port,
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
                    AcceptableHeartbeatPause = node.Role == ClusterNode.CoordinatorRole ? CoordinatorTimeout : WorkerTimeout,
                },
            });
            if (setup is not null)
            {
                akka.AddSetup(setup);
            }

            akka.WithActors(actors);
        });
        IHost host = builder.Build();
        try
        {
            await host.StartAsync().ConfigureAwait(false);
            return new(host);
        }
        catch (Exception e) when (Cause<SocketException>(e) is { } refused)
        {
            StandardErrorLogger.Mute();
            host.Dispose();
            throw new BadInputException($"cannot listen on {node.BindHost ?? node.Host}:{node.Port}: {refused.Message}", e);
        }
    }

    /// <summary>Joins the cluster of a coordinator, in the background, trying again until it is there.</summary>
    public static void Join(ActorSystem system, Address coordinator) => Akka.Cluster.Cluster.Get(system).JoinSeedNodes([coordinator]);

    /// <summary>The address of this machine from which another one is reached.</summary>
    /// <exception cref="SocketException">Nothing leads there.</exception>
    public static IPAddress LocalAddressTowards(IPAddress target)
    {
        // Connecting a datagram socket sends nothing; it only asks for the route.
        using var probe = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        probe.Connect(target, AnyPort);
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

    private static string DialConfig(AddressFamily? family) => family is null ? string.Empty :
        $$"""
        akka.remote.dot-netty.tcp {
          enforce-ip-family = on
          dns-use-ipv6 = {{(family == AddressFamily.InterNetworkV6 ? "on" : "off")}}
        }
        """;

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
