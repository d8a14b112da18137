using System.Reflection;
using Akka.Actor;
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

public sealed class AkkaWorkaroundTests
{
    public static TheoryData<Type> Workarounds =>
    [
        .. typeof(AkkaWorkaroundAttribute).Assembly.GetTypes()
            .Where(type => type.IsDefined(typeof(AkkaWorkaroundAttribute), inherit: false)),
    ];

    [Theory]
    [MemberData(nameof(Workarounds))]
    public void Each_workaround_was_checked_with_the_version_in_use_and_says_when_it_can_go(Type type)
    {
        AkkaWorkaroundAttribute workaround = type.GetCustomAttribute<AkkaWorkaroundAttribute>(inherit: false)!;
        Assert.Equal(typeof(ActorSystem).Assembly.GetName().Version!.ToString(3), workaround.Version);
        Assert.NotEmpty(workaround.Until);
    }

    [Fact]
    public void All_of_Akka_has_one_version()
    {
        Type[] types =
        [
            typeof(ActorSystem), typeof(Akka.Remote.RemoteSettings), typeof(Akka.Cluster.Cluster),
            typeof(Akka.Serialization.HyperionSerializer), typeof(Akka.Cluster.Hosting.ClusterOptions),
        ];
        Assert.All(types, type => Assert.Equal(
            AkkaWorkaroundAttribute.CurrentVersion,
            type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]));
    }
}
