using System.Runtime.CompilerServices;
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

public sealed class ClusterHostTests
{
    private const int Incarnations = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_that_has_ended_can_be_collected(bool certificates)
    {
        using var authority = new Authority("ours");
        LinkSecurity security = certificates ? LinkSecurity.WithTls(authority.Identity()) : LinkSecurity.None;
        var ended = new List<WeakReference>();
        for (int life = 0; life < Incarnations; life++)
        {
            await LiveAsync(ended, security);
        }

        // The last life or two may still be in somebody's hands: a thread's, or a timer's that is about to end.
        for (int attempt = 0; attempt < 10 && ended.Count(system => system.IsAlive) > 2; attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.InRange(ended.Count(system => system.IsAlive), 0, 4);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task LiveAsync(List<WeakReference> ended, LinkSecurity security)
    {
        var first = await ClusterHost.StartAsync(new() { Role = ClusterNode.CoordinatorRole, Host = "localhost", Security = security }, "", (_, _) => { });
        var second = await ClusterHost.StartAsync(new() { Role = ClusterNode.WorkerRole, Host = "localhost", Security = security }, "", (_, _) => { });
        ClusterHost.Join(first.System, AddressOf(first));
        ClusterHost.Join(second.System, AddressOf(first));
        var joined = new TaskCompletionSource();
        Akka.Cluster.Cluster.Get(second.System).RegisterOnMemberUp(() => joined.TrySetResult());
        await joined.Task.WaitAsync(TimeSpan.FromSeconds(60));
        ended.Add(new(first.System));
        ended.Add(new(second.System));
        await second.DisposeAsync();
        await first.DisposeAsync();
    }

    private static Address AddressOf(ClusterHost host) => ((ExtendedActorSystem)host.System).Provider.DefaultAddress;
}
