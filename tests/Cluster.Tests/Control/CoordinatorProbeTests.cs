using System.Net;
using System.Net.Sockets;
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

/// <summary>Which of a name's addresses is the coordinator's.</summary>
public sealed class CoordinatorProbeTests
{
    [Fact]
    public void The_last_address_of_each_family_is_dialled_ipv4_first()
    {
        IPAddress[] all = [.. new[] { "fd00::1", "10.0.0.1", "fd00::2", "10.0.0.2" }.Select(IPAddress.Parse)];
        Assert.Equal(["10.0.0.2", "fd00::2"], CoordinatorProbe.Dialled(all).Select(address => address.ToString()));
        Assert.Equal(["fd00::1"], CoordinatorProbe.Dialled(all[..1]).Select(address => address.ToString()));
        Assert.Empty(CoordinatorProbe.Dialled([]));
    }

    [Fact]
    public void An_address_that_answers_and_is_not_dialled_is_named_with_what_to_do()
    {
        IPAddress[] all = [.. new[] { "10.0.0.1", "10.0.0.2" }.Select(IPAddress.Parse)];
        Assert.Equal(
            "the name stands for 2 addresses; 10.0.0.1 answers, but 10.0.0.2 would be dialled: give the coordinator a name or address of its own (for instance 10.0.0.1) and join that",
            CoordinatorProbe.NotDialled(all, CoordinatorProbe.Dialled(all), all[0]));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    public async Task The_address_that_answers_is_found_and_a_silent_one_gives_the_reason(string host)
    {
        var address = IPAddress.Parse(host);
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
        {
            return;
        }

        using var listener = new TcpListener(address, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Assert.Equal(new(address, null), await CoordinatorProbe.TryAsync(host, port, LinkSecurity.None, default));
        listener.Stop();
        ProbeResult silent = await CoordinatorProbe.TryAsync(host, port, LinkSecurity.None, default);
        Assert.Null(silent.Address);
        Assert.NotEmpty(silent.Reason!);
    }

    [Fact]
    public async Task An_unknown_name_is_a_reason_and_no_error()
    {
        Assert.Null(CoordinatorProbe.Guess("no-such-host.invalid"));
        ProbeResult unknown = await CoordinatorProbe.TryAsync("no-such-host.invalid", 1, LinkSecurity.None, default);
        Assert.Null(unknown.Address);
        Assert.NotEmpty(unknown.Reason!);
    }
}
