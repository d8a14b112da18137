using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
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

public sealed class TlsTransportTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handshake_that_breaks_off_ends_the_dialling_system_only_on_Akkas_own_transport(bool own)
    {
        // The half for Akka's own transport fails once the workaround may go.
        using var authority = new Authority("ours");
        (string config, Setup? setup) = AkkaTls.Setup(LinkSecurity.WithTls(authority.Identity()));
        string transport = own
            ? ""
            : "akka.remote.dot-netty.tcp.transport-class = \"Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote\"\n";
        var bootstrap = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(
            config + "\n" + transport +
            """
            akka {
              actor.provider = remote
              stdout-loglevel = off
              loglevel = off
              loggers = []
              coordinated-shutdown.exit-clr = off
              remote.dot-netty.tcp { hostname = localhost, port = 0 }
            }
            """));
        using var system = ActorSystem.Create("dialler", ActorSystemSetup.Create(bootstrap, setup!));
        using var dying = new TcpListener(IPAddress.Loopback, 0);
        dying.Start();
        var address = new Address("akka.ssl.tcp", "dialler", "localhost", ((IPEndPoint)dying.LocalEndpoint).Port);
        system.ActorSelection(new RootActorPath(address) / "user" / "anybody").Tell(new Identify(0));
        using (Socket socket = await dying.AcceptSocketAsync().WaitAsync(Timeout))
        {
            await socket.ReceiveAsync(new byte[1]);
        }

        Task ended = system.WhenTerminated;
        await Task.WhenAny(ended, Task.Delay(own ? TimeSpan.FromSeconds(2) : Timeout));
        Assert.Equal(!own, ended.IsCompleted);
    }
}
