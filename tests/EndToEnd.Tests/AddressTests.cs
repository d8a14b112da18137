using System.Net;
using System.Net.Sockets;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Where a coordinator may be, and how it is found.</summary>
public sealed class AddressTests : IDisposable
{
    private readonly SmallCluster _cluster = new();

    [Fact]
    public void The_second_address_is_taken_where_nothing_listens_at_the_first()
    {
        NnClusterProcess coordinator = _cluster.Coordinator([]);
        NnClusterProcess worker = _cluster.Worker("w", join: $"127.0.0.1:{SmallCluster.FreePort()},{_cluster.Address}");
        SmallCluster.AssertSameBits(coordinator, 3, worker);
    }

    [Fact]
    public void A_coordinator_that_comes_back_at_another_of_its_addresses_is_found_there()
    {
        string second = $"127.0.0.1:{SmallCluster.FreePort()}";
        string run = _cluster.Directory["moving"];
        NnClusterProcess coordinator = _cluster.Coordinator(["--checkpoint-every", "5"], epochs: SmallCluster.Long, at: run);
        NnClusterProcess worker = _cluster.Worker("w", join: $"{_cluster.Address},{second}");
        coordinator.Follow.WaitForEpoch(5);
        SmallCluster.WaitForCheckpoint(run);
        NnClusterProcess.Signal(coordinator.Id, SmallCluster.SigKill);
        coordinator.Wait();
        NnClusterProcess moved = _cluster.Start(["train", "--json", "--resume", run, "--listen", second]);
        ProcessResult result = SmallCluster.AssertSameBits(moved, SmallCluster.Long, worker);
        Assert.True(result.Json.GetProperty("resumedFromStep").GetInt64() > 0);
    }

    [Fact]
    public void A_worker_told_that_the_run_was_stopped_says_so_and_waits_for_it_to_be_resumed()
    {
        string run = _cluster.Directory["stopped"];
        NnClusterProcess coordinator = _cluster.Coordinator([], epochs: SmallCluster.Long, at: run);
        NnClusterProcess worker = _cluster.Worker("w");
        coordinator.Follow.WaitForEpoch(5);
        coordinator.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
        worker.WaitFor<CoordinatorGone>();
        Assert.Equal(130, coordinator.Wait().ExitCode);
        SmallCluster.AssertSameBits(_cluster.Start(["train", "--json", "--resume", run, "--listen", _cluster.Address]), SmallCluster.Long, worker);
    }

    [Fact]
    public void A_worker_that_waits_for_a_resumed_run_takes_part_in_the_next_run_at_its_address()
    {
        string run = _cluster.Directory["stopped"];
        NnClusterProcess worker = _cluster.Worker("w", ["--give-up-after", "10m"]);
        Assert.Equal(130, _cluster.Coordinator(["--stop-after", "5"], epochs: 60, at: run).Wait().ExitCode);
        Assert.Equal(130, _cluster.Start(["train", "--json", "--resume", run, "--listen", _cluster.Address, "--stop-after", "10"]).Wait().ExitCode);
        worker.WaitFor<Joined>(joined => joined.Term == 2);
        SmallCluster.AssertSameBits(_cluster.Coordinator([]), 3, worker);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_planes_work_over_ipv6(bool certificates)
    {
        if (!Socket.OSSupportsIPv6)
        {
            return;
        }

        string[] tls = certificates ? new Certificates(_cluster.Directory["tls"], IPAddress.IPv6Loopback).Options : [];
        string listen = $"[::1]:{_cluster.Port}";
        NnClusterProcess coordinator = _cluster.Coordinator(["--listen", listen, .. tls]);
        SmallCluster.AssertSameBits(coordinator, 3, _cluster.Worker("w", tls, join: listen));
    }

    /// <summary>As behind a container engine's map of ports: nodes reach both planes under other numbers than the ones listened on.</summary>
    [Fact]
    public void Both_planes_may_be_reached_under_mapped_ports()
    {
        int linkPort = SmallCluster.FreePort();
        using var control = new MappedPort(_cluster.Port);
        using var link = new MappedPort(linkPort);
        NnClusterProcess coordinator = _cluster.Coordinator(
            ["--link-port", $"{linkPort}", "--advertise", $"127.0.0.1:{control.Outside}", "--link-advertise", $"127.0.0.1:{link.Outside}"]);
        Assert.Equal($"127.0.0.1:{control.Outside}", coordinator.WaitFor<Listening>().Address);
        SmallCluster.AssertSameBits(coordinator, 3, _cluster.Worker("w", join: $"127.0.0.1:{control.Outside}"));
        Assert.True(control.Connections > 0 && link.Connections > 0, $"{control.Connections}, {link.Connections}");
    }

    public void Dispose() => _cluster.Dispose();

    /// <summary>Passes the connections to a port of its own on to another port.</summary>
    private sealed class MappedPort : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly int _inside;
        private readonly List<TcpClient> _clients = [];

        public MappedPort(int inside)
        {
            _inside = inside;
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Outside => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Connections { get; private set; }

        public void Dispose()
        {
            _listener.Dispose();
            lock (_clients)
            {
                _clients.ForEach(client => client.Dispose());
            }
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    TcpClient outside = await _listener.AcceptTcpClientAsync();
                    Connections++;
                    _ = PassOnAsync(outside);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task PassOnAsync(TcpClient outside)
        {
            var inside = new TcpClient();
            lock (_clients)
            {
                _clients.AddRange([outside, inside]);
            }

            try
            {
                await inside.ConnectAsync(IPAddress.Loopback, _inside);
                (NetworkStream one, NetworkStream other) = (outside.GetStream(), inside.GetStream());
                await Task.WhenAny(one.CopyToAsync(other), other.CopyToAsync(one));
            }
            catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
            {
                // One of the two sides is gone, or is not there yet.
            }

            outside.Dispose();
            inside.Dispose();
        }
    }
}
