using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Control;

/// <summary>Reference to an actor that does not exist, for code that only compares references.</summary>
internal sealed class TestRef(string host, string name = "node") : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(new Address("akka.tcp", "nncluster", host, 4100)) / "user" / name;

    public override IActorRefProvider Provider => throw new NotSupportedException();
}
