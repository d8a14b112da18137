using System.Net.Sockets;
using NnCluster.Control;

namespace NnCluster.AkkaSupport;

/// <summary>
/// All HOCON of the program, for Akka.NET <see cref="AkkaWorkaroundAttribute.CurrentVersion"/>. Types are named by their
/// assembly-qualified names, so that a move of a type to another assembly needs no edit here.
/// </summary>
internal static class AkkaConfig
{
    /// <summary>Dispatcher that gives every actor a thread of its own: workers, and the node's actor.</summary>
    public const string WorkerDispatcher = "nncluster.worker-dispatcher";

    /// <summary>Dispatcher whose actors share one thread of their own: the coordinator and its proxies of remote nodes.</summary>
    public const string CoordinatorDispatcher = "nncluster.coordinator-dispatcher";

    /// <summary>Sends local messages through their serializers too; for tests.</summary>
    public const string SerializeLocalMessages = "akka.actor.serialize-messages = on";

    /// <summary>Both dispatchers; Akka creates one when the first actor asks for it.</summary>
    public static readonly string Dispatchers =
        $$"""
        nncluster {
          worker-dispatcher {
            type = "{{typeof(OwnThreadDispatcher).AssemblyQualifiedName}}"
            throughput = 1
          }
          coordinator-dispatcher {
            type = Dispatcher
            executor = "{{typeof(OwnThreadExecutor).AssemblyQualifiedName}}"
          }
        }
        """;

    /// <summary>
    /// Binds control messages to <see cref="ControlSerializer"/>, allows no type without a binding, and replaces the two
    /// serializers of Akka.NET that turn bytes into arbitrary objects: JSON and remote deployment.
    /// </summary>
    public static readonly string Serialization =
        $$"""
        akka.actor {
          serializers {
            nncluster-control = "{{typeof(ControlSerializer).AssemblyQualifiedName}}"
            json = "{{typeof(NoJson).AssemblyQualifiedName}}"
            daemon-create = "{{typeof(NoRemoteDeployment).AssemblyQualifiedName}}"
          }
          serialization-bindings {
            "{{typeof(IControlMessage).AssemblyQualifiedName}}" = nncluster-control
          }
          serialization-identifiers {
            "{{typeof(ControlSerializer).AssemblyQualifiedName}}" = {{ControlSerializer.Id}}
            "{{typeof(NoJson).AssemblyQualifiedName}}" = {{NoJson.Id}}
            "{{typeof(NoRemoteDeployment).AssemblyQualifiedName}}" = {{NoRemoteDeployment.Id}}
          }
          serialization-settings.allow-unregistered-types = false
        }
        """;

    private static readonly string Logging =
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = ["{{typeof(StandardErrorLogger).AssemblyQualifiedName}}"]
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
        }
        """;

    // Training never waits for membership: a broken link reports a lost node first. The coordinator's side survives a split.
    private const string Membership =
        """
        akka {
          daemonic = on
          # Every tick wakes two threads.
          scheduler.tick-duration = 50 ms
          coordinated-shutdown {
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

    /// <summary>An actor system without a network: the run of one process.</summary>
    public static string Local => Join(Dispatchers, Logging);

    /// <summary>Akka.Remote's transport with TLS in both directions, on <see cref="TlsTransport"/>.</summary>
    internal static readonly string Tls =
        $$"""
        akka.remote.dot-netty.tcp {
          transport-class = "{{typeof(TlsTransport).AssemblyQualifiedName}}"
          enable-ssl = true
          ssl {
            suppress-validation = false
            require-mutual-authentication = true
            validate-certificate-hostname = true
          }
        }
        """;

    /// <summary>The actor system inside <see cref="TlsTransport"/>: no network, no extensions, and nothing that ends the process.</summary>
    internal const string TlsTransportSystem =
        """
        akka {
          actor.provider = local
          extensions = []
          loggers = []
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            run-by-actor-system-terminate = off
            terminate-actor-system = off
            exit-clr = off
          }
        }
        """;

    /// <summary>A member of the cluster.</summary>
    /// <param name="dials">Address family to dial where a name has addresses of both; null: the transport chooses.</param>
    /// <param name="tls"><see cref="Tls"/>, or empty.</param>
    internal static string Member(AddressFamily? dials, string tls) =>
        Join(Dispatchers, DialOnly(dials), tls, Serialization, Logging, Membership);

    private static string DialOnly(AddressFamily? family) => family is null ? string.Empty :
        $$"""
        akka.remote.dot-netty.tcp {
          enforce-ip-family = on
          dns-use-ipv6 = {{(family == AddressFamily.InterNetworkV6 ? "on" : "off")}}
        }
        """;

    private static string Join(params ReadOnlySpan<string> parts) => string.Join('\n', parts!);
}
