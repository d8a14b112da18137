using System.Diagnostics;
using System.Net;

namespace NnCluster.Cluster.Tests;

/// <summary>Four hosts with nothing in common but a network: each a network namespace of its own.</summary>
public sealed class SeparateHostsTests : IDisposable
{
    private const int Hosts = 4;
    private readonly string _id = $"nnc{Environment.ProcessId % 100_000}";
    private readonly SmallCluster _cluster = new();

    [RootFact]
    public void Three_machines_train_over_tls_with_the_data_only_at_the_coordinator()
    {
        MakeNetwork();
        string[] tls = new Certificates(_cluster.Directory["tls"], [.. Enumerable.Range(1, Hosts).Select(host => IPAddress.Parse(AddressOf(host)))]).Options;
        string listen = $"{AddressOf(1)}:7000";
        NnClusterProcess coordinator = _cluster.Coordinator(["--listen", listen, "--min-workers", "3", .. tls], under: Inside(1));
        NnClusterProcess[] workers =
        [
            .. Enumerable.Range(2, 3).Select(host => _cluster.Worker(
                $"host{host}", ["--cache", _cluster.Directory[$"cache{host}"], .. tls], join: listen, under: Inside(host))),
        ];
        foreach (NnClusterProcess worker in workers)
        {
            worker.WaitForError("data set mnist-rows received");
        }

        SmallCluster.AssertSameBits(coordinator, 3, workers);
    }

    public void Dispose()
    {
        _cluster.Dispose();
        if (Environment.UserName == "root")
        {
            for (int host = 1; host <= Hosts; host++)
            {
                Ip(mayFail: true, "netns", "delete", Namespace(host));
            }

            Ip(mayFail: true, "link", "delete", _id);
        }
    }

    private void MakeNetwork()
    {
        Ip("link", "add", _id, "type", "bridge");
        Ip("link", "set", _id, "up");
        for (int host = 1; host <= Hosts; host++)
        {
            Ip("netns", "add", Namespace(host));
            Ip("link", "add", $"{_id}v{host}", "type", "veth", "peer", "name", "eth0", "netns", Namespace(host));
            Ip("link", "set", $"{_id}v{host}", "master", _id, "up");
            Ip("-n", Namespace(host), "address", "add", $"{AddressOf(host)}/24", "dev", "eth0");
            Ip("-n", Namespace(host), "link", "set", "eth0", "up");
            Ip("-n", Namespace(host), "link", "set", "lo", "up");
        }
    }

    private string Namespace(int host) => $"{_id}h{host}";

    private string[] Inside(int host) => ["ip", "netns", "exec", Namespace(host)];

    private static string AddressOf(int host) => $"10.77.1.{host}";

    private static void Ip(params string[] arguments) => Ip(mayFail: false, arguments);

    private static void Ip(bool mayFail, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(mayFail || process.ExitCode == 0, $"ip {string.Join(' ', arguments)}: {error}");
    }
}
