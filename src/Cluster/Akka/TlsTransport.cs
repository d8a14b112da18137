using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport;
using Akka.Remote.Transport.DotNetty;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Akka.Remote's TCP transport in an actor system of its own, for the sake of TLS: since Akka.NET 1.5.51 the transport
/// shuts the whole system down when a node that it dials breaks off the handshake, as one does that dies in its midst.
/// Here it shuts down what nobody needs; that the node cannot be reached is reported as ever.
/// </summary>
/// <remarks>Made by Akka.Remote, by its name in the configuration: <c>akka.remote.dot-netty.tcp.transport-class</c>.</remarks>
public sealed class TlsTransport : Transport
{
    private const string InnerClass = "Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote";

    private const string InnerConfig =
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

    private readonly ActorSystem _own;
    private readonly Transport _inner;

    /// <summary>Creates the transport of a system.</summary>
    /// <param name="system">The system whose messages it carries; its setup holds a <see cref="DotNettySslSetup"/>.</param>
    /// <param name="config">The transport's part of the configuration.</param>
    public TlsTransport(ActorSystem system, Config config)
    {
        System = system;
        Config = config;
        BootstrapSetup bootstrap = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(InnerConfig).WithFallback(system.Settings.Config));
        _own = ActorSystem.Create(system.Name, ActorSystemSetup.Create(bootstrap, system.Settings.Setup.Get<DotNettySslSetup>().Value));
        _own.EventStream.Subscribe(_own.ActorOf(Props.Create(() => new LogForwarder(system))), typeof(LogEvent));
        _inner = (Transport)Activator.CreateInstance(Type.GetType(InnerClass, throwOnError: true)!, _own, config)!;
        SchemeIdentifier = _inner.SchemeIdentifier;
        MaximumPayloadBytes = _inner.MaximumPayloadBytes;
    }

    /// <summary>Its name in the configuration.</summary>
    public static string ClassName => $"{typeof(TlsTransport).FullName}, {typeof(TlsTransport).Assembly.GetName().Name}";

    /// <inheritdoc/>
    public override Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen() => _inner.Listen();

    /// <inheritdoc/>
    public override bool IsResponsibleFor(Address remote) => _inner.IsResponsibleFor(remote);

    /// <inheritdoc/>
    public override Task<AssociationHandle> Associate(Address remoteAddress) => _inner.Associate(remoteAddress);

    /// <inheritdoc/>
    public override Task<bool> ManagementCommand(object message) => _inner.ManagementCommand(message);

    /// <inheritdoc/>
    public override async Task<bool> Shutdown()
    {
        try
        {
            return await _inner.Shutdown().ConfigureAwait(false);
        }
        finally
        {
            await _own.Terminate().ConfigureAwait(false);
        }
    }
    /// <summary>What there is to log is the carried system's.</summary>
    private sealed class LogForwarder : ReceiveActor
    {
        public LogForwarder(ActorSystem to) => Receive<LogEvent>(entry => to.EventStream.Publish(entry));
    }
}
