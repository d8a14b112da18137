using System.Net.Sockets;
using System.Runtime.CompilerServices;
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

public sealed class ForcedCollectionTests
{
    private const int Many = 50;

    [Fact]
    public void Sockets_without_an_owner_are_closed()
    {
        List<WeakReference> sockets = Abandon(() => new Socket(SocketType.Stream, ProtocolType.Tcp));
        AssertCollected(sockets, UnreachableSockets.Collect);
    }

    [Fact]
    public void Objects_that_have_grown_old_are_collected_with_an_ended_system()
    {
        List<WeakReference> old = Abandon(() => new byte[100_000]);
        AssertCollected(old, EndedSystems.Collect);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Abandon(Func<object> create) =>
        [.. Enumerable.Range(0, Many).Select(_ => new WeakReference(create()))];

    // The last one or two may still be on a stack or in a register.
    private static void AssertCollected(List<WeakReference> abandoned, Action collect)
    {
        SpinWait.SpinUntil(
            () =>
            {
                collect();
                return abandoned.Count(item => item.IsAlive) <= 2;
            },
            TimeSpan.FromSeconds(20));
        Assert.InRange(abandoned.Count(item => item.IsAlive), 0, 2);
    }
}
