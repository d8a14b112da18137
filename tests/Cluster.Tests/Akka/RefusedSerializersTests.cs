using System.Runtime.Serialization;
using Akka.Actor;
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

public sealed class RefusedSerializersTests
{
    private const string Remote =
        """
        akka {
          actor.provider = remote
          stdout-loglevel = off
          loglevel = off
          remote.dot-netty.tcp { hostname = localhost, port = 0 }
        }
        """;

    // Internal in Akka.Remote.
    private static readonly Type Deployment =
        typeof(Akka.Remote.RemoteSettings).Assembly.GetType("Akka.Remote.DaemonMsgCreate", throwOnError: true)!;

    [Fact]
    public void Json_and_remote_deployment_are_replaced_and_refuse_to_write_and_to_read()
    {
        using ActorSystem system = Start(AkkaConfig.Serialization + "\n" + Remote);
        Akka.Serialization.Serializer deployment = system.Serialization.FindSerializerForType(Deployment);
        Assert.IsType<NoRemoteDeployment>(deployment);
        Assert.Throws<SerializationException>(() => { deployment.ToBinary(new Version(1, 2)); });
        // Nothing is bound to JSON, so that it can be reached by its identifier only.
        Assert.Throws<SerializationException>(() => { system.Serialization.FindSerializerFor(new Version(1, 2)); });
        AssertRefuses(system, NoJson.Id, "only control messages cross the wire");
        AssertRefuses(system, NoRemoteDeployment.Id, "no actor is deployed from afar");
    }

    [Fact]
    public void Without_them_Akka_has_both_under_the_same_identifiers()
    {
        // Once this fails, Akka.NET has no such serializers any longer, and the workaround may go.
        using ActorSystem system = Start(Remote);
        Assert.Equal(NoJson.Id, system.Serialization.FindSerializerFor(new Version(1, 2)).Identifier);
        Assert.Equal(NoRemoteDeployment.Id, system.Serialization.FindSerializerForType(Deployment).Identifier);
    }

    private static void AssertRefuses(ActorSystem system, int id, string reason) => Assert.Contains(
        reason,
        Assert.Throws<SerializationException>(() => { system.Serialization.Deserialize("{}"u8.ToArray(), id, typeof(Version)); }).Message,
        StringComparison.Ordinal);

    private static ActorSystem Start(string config) => ActorSystem.Create("refused", ConfigurationFactory.ParseString(config));
}
