using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Four hosts with nothing in common but a network.</summary>
public sealed class SeparateHostsTests : IDisposable
{
    private const int Hosts = 4;
    private readonly SmallCluster _cluster = new();

    [RootFact]
    public void Three_machines_train_over_tls_with_the_data_only_at_the_coordinator()
    {
        using var network = new HostNetwork(Hosts);
        string[] tls = new Certificates(_cluster.Directory["tls"], [.. Enumerable.Range(1, Hosts).Select(HostNetwork.AddressOf)]).Options;
        string listen = $"{HostNetwork.AddressOf(1)}:7000";
        NnClusterProcess coordinator = _cluster.Coordinator(["--listen", listen, "--min-workers", "3", .. tls], under: network.Inside(1));
        NnClusterProcess[] workers =
        [
            .. Enumerable.Range(2, 3).Select(host => _cluster.Worker(
                $"host{host}", ["--cache", _cluster.Directory[$"cache{host}"], .. tls], join: listen, under: network.Inside(host))),
        ];
        foreach (NnClusterProcess worker in workers)
        {
            worker.WaitFor<DatasetReady>(ready => ready.Source == DatasetSource.Coordinator);
            Assert.False(SmallCluster.SharesMemory(worker.Id));
        }

        SmallCluster.AssertSameBits(coordinator, 3, workers);
    }

    public void Dispose() => _cluster.Dispose();
}
