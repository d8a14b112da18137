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
        for (int incarnation = 0; incarnation < Incarnations; incarnation++)
        {
            await RunIncarnationAsync(ended, security);
        }

        // A thread or a timer that is about to end may still hold the last systems.
        for (int attempt = 0; attempt < 10 && ended.Count(system => system.IsAlive) > 2; attempt++)
        {
            EndedSystems.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.InRange(ended.Count(system => system.IsAlive), 0, 4);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task RunIncarnationAsync(List<WeakReference> ended, LinkSecurity security)
    {
        var first = await StartAsync(ClusterNode.CoordinatorRole, security);
        var second = await StartAsync(ClusterNode.WorkerRole, security);
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

    private static Task<ClusterHost> StartAsync(string role, LinkSecurity security) =>
        ClusterHost.StartAsync(new() { Role = role, Host = "localhost", Security = security }, (_, _) => { });

    private static Address AddressOf(ClusterHost host) => ((ExtendedActorSystem)host.System).Provider.DefaultAddress;
}
