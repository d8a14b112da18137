using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport;
using Akka.Remote.Transport.DotNetty;

namespace NnCluster.AkkaSupport;

/// <summary>Akka.Remote's TCP transport inside an actor system of its own, so that it cannot end the system it serves.</summary>
/// <remarks>
/// From Akka.NET 1.5.51 on, the transport with TLS shuts its whole actor system down when a node that it dials breaks off
/// the handshake, as a node does that dies at that moment. Here it shuts down the inner system's empty shell; the failed
/// association is reported as usual. Akka.Remote creates the class by its name in
/// <c>akka.remote.dot-netty.tcp.transport-class</c>.
/// </remarks>
[AkkaWorkaround(
    AkkaWorkaroundAttribute.CurrentVersion, "a handshake that fails on the dialling side no longer shuts the actor system down")]
internal sealed class TlsTransport : Transport
{
    // Internal in Akka.Remote.
    private const string InnerClass = "Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote";

    private readonly ActorSystem _own;
    private readonly Transport _inner;

    /// <summary>Created by Akka.Remote.</summary>
    /// <param name="system">System whose messages the transport carries; its setup holds a <see cref="DotNettySslSetup"/>.</param>
    /// <param name="config">The transport's section of the configuration.</param>
    public TlsTransport(ActorSystem system, Config config)
    {
        System = system;
        Config = config;
        BootstrapSetup bootstrap = BootstrapSetup.Create()
            .WithConfig(ConfigurationFactory.ParseString(AkkaConfig.TlsTransportSystem).WithFallback(system.Settings.Config));
        DotNettySslSetup certificate = system.Settings.Setup.Get<DotNettySslSetup>().Value;
        _own = ActorSystem.Create(system.Name, ActorSystemSetup.Create(bootstrap, certificate));
        _own.EventStream.Subscribe(_own.ActorOf(Props.Create(() => new LogForwarder(system))), typeof(LogEvent));
        _inner = (Transport)Activator.CreateInstance(Type.GetType(InnerClass, throwOnError: true)!, _own, config)!;
        SchemeIdentifier = _inner.SchemeIdentifier;
        MaximumPayloadBytes = _inner.MaximumPayloadBytes;
    }

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

    /// <summary>Publishes the inner system's log entries in the outer one.</summary>
    private sealed class LogForwarder : ReceiveActor
    {
        public LogForwarder(ActorSystem to) => Receive<LogEvent>(entry => to.EventStream.Publish(entry));
    }
}
