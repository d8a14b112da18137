using System.Reflection;
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

public sealed class ThreadCachesTests
{
    [Fact]
    public async Task The_caches_of_a_remote_system_are_found_and_disposed()
    {
        ActorSystem system = Start("akka.actor.provider = remote, akka.remote.dot-netty.tcp { hostname = localhost, port = 0 }");
        IDisposable[] caches = [.. ThreadCaches.Of(system)];
        // Akka.Remote keeps these undisposed itself: once this fails, the workaround may go.
        await system.Terminate();
        Assert.All(caches, cache => Assert.False(IsDisposed(cache)));
        Assert.Equal(2, ThreadCaches.Release(system));
        Assert.Equal(2, caches.Length);
        Assert.All(caches, cache => Assert.True(IsDisposed(cache)));
    }

    [Fact]
    public async Task A_local_system_has_none()
    {
        ActorSystem system = Start("");
        await system.Terminate();
        Assert.Equal(0, ThreadCaches.Release(system));
    }

    private static ActorSystem Start(string config) =>
        ActorSystem.Create("caches", ConfigurationFactory.ParseString("akka { stdout-loglevel = off, loglevel = off }\n" + config));

    private static bool IsDisposed(IDisposable cache)
    {
        try
        {
            cache.GetType().GetProperty("IsValueCreated")!.GetValue(cache);
            return false;
        }
        catch (TargetInvocationException e) when (e.InnerException is ObjectDisposedException)
        {
            return true;
        }
    }
}
