using System.Diagnostics;
using System.Net;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Hosts with nothing in common but a network: each a network namespace of its own. Needs root.</summary>
internal sealed class HostNetwork : IDisposable
{
    private static int _made;

    private readonly string _id = $"nnc{Environment.ProcessId % 100_000}{(char)('a' + (Interlocked.Increment(ref _made) % 26))}";
    private readonly int _hosts;

    /// <summary>Makes hosts 1 to <paramref name="hosts"/>.</summary>
    public HostNetwork(int hosts)
    {
        _hosts = hosts;
        Ip("link", "add", _id, "type", "bridge");
        Ip("link", "set", _id, "up");
        for (int host = 1; host <= hosts; host++)
        {
            Ip("netns", "add", Namespace(host));
            Ip("link", "add", $"{_id}v{host}", "type", "veth", "peer", "name", "eth0", "netns", Namespace(host));
            Ip("link", "set", $"{_id}v{host}", "master", _id, "up");
            Ip("-n", Namespace(host), "address", "add", $"{AddressOf(host)}/24", "dev", "eth0");
            Ip("-n", Namespace(host), "link", "set", "eth0", "up");
            Ip("-n", Namespace(host), "link", "set", "lo", "up");
        }
    }

    /// <summary>The address of a host; beyond the last one, nobody's.</summary>
    public static IPAddress AddressOf(int host) => IPAddress.Parse($"10.77.1.{host}");

    /// <summary>What starts a command on a host.</summary>
    public string[] Inside(int host) => ["ip", "netns", "exec", Namespace(host)];

    public void Dispose()
    {
        for (int host = 1; host <= _hosts; host++)
        {
            Ip(mayFail: true, "netns", "delete", Namespace(host));
        }

        Ip(mayFail: true, "link", "delete", _id);
    }

    private string Namespace(int host) => $"{_id}h{host}";

    private static void Ip(params string[] arguments) => Ip(mayFail: false, arguments);

    private static void Ip(bool mayFail, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(mayFail || process.ExitCode == 0, $"ip {string.Join(' ', arguments)}: {error}");
    }
}
