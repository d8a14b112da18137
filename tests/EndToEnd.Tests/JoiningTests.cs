using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Control;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Who may join a run, when, and what he is given.</summary>
public sealed class JoiningTests : IDisposable
{
    private readonly SmallCluster _cluster = new();

    [Fact]
    public void Workers_in_the_process_and_outside_share_one_run()
    {
        NnClusterProcess coordinator = _cluster.Coordinator(["--workers", "1", "--min-workers", "3"]);
        NnClusterProcess two = _cluster.Worker("two", ["--workers", "2"]);
        NnClusterProcess one = _cluster.Worker("one");
        ProcessResult result = SmallCluster.AssertSameBits(coordinator, 3, one, two);
        Assert.Equal("4", result.Field("workers"));
    }

    [Fact]
    public void A_worker_that_joins_late_takes_part_and_changes_no_bit()
    {
        NnClusterProcess coordinator = _cluster.Coordinator([], epochs: SmallCluster.Endless);
        NnClusterProcess early = _cluster.Worker("early");
        coordinator.Follow.WaitForEpoch(5);
        NnClusterProcess late = _cluster.Worker("late");
        coordinator.Follow.WaitForJoin("late.1");
        coordinator.Follow.WaitForNextEpoch();
        coordinator.Follow.WaitForNextEpoch();
        Assert.True(SmallCluster.SharesMemory(early.Id) && SmallCluster.SharesMemory(late.Id));
        coordinator.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
        Assert.Equal("2", SmallCluster.AssertSameBitsUpToTheStop(coordinator).Field("workers"));
    }

    [Fact]
    public void A_worker_behind_an_address_of_its_own_is_sent_every_bit()
    {
        int port = SmallCluster.FreePort();
        NnClusterProcess coordinator = _cluster.Coordinator(["--link-port", $"{port}", "--link-advertise", $"127.0.0.1:{port}"], epochs: SmallCluster.Long);
        NnClusterProcess worker = _cluster.Worker("w");
        coordinator.Follow.WaitForEpoch(5);
        Assert.False(SmallCluster.SharesMemory(worker.Id));
        SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, worker);
    }

    [Fact]
    public void The_data_set_travels_once_and_is_kept()
    {
        NnClusterProcess first = _cluster.Coordinator([]);
        NnClusterProcess worker = _cluster.Worker("w");
        worker.WaitFor<DatasetReady>(ready => ready.Source == DatasetSource.Coordinator);
        SmallCluster.AssertSameBits(first, 3, worker);

        NnClusterProcess second = _cluster.Coordinator([]);
        NnClusterProcess again = _cluster.Worker("w");
        again.WaitFor<DatasetReady>(ready => ready.Source == DatasetSource.Cache);
        SmallCluster.AssertSameBits(second, 3, again);
    }

    [Fact]
    public void A_worker_of_another_arithmetic_is_refused_on_both_sides()
    {
        NnClusterProcess coordinator = _cluster.Coordinator([]);
        coordinator.WaitFor<Listening>();
        NnClusterProcess other = _cluster.Worker("other", environment: [("DOTNET_EnableAVX2", "0")]);
        Assert.Contains("the run computes with simd", other.WaitFor<Refused>().Reason, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, other.Wait().ExitCode);
        coordinator.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
        string line = Assert.Single(coordinator.Wait().Error.Split('\n'), line => line.Contains("refused other", StringComparison.Ordinal));
        Assert.Contains("its results would differ in bits", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_cookie_and_none_are_refused_and_the_right_one_is_taken()
    {
        string right = Cookie("right");
        string wrong = Cookie("wrong");
        NnClusterProcess coordinator = _cluster.Coordinator(["--cookie-file", right]);
        coordinator.WaitFor<Listening>();
        NnClusterProcess stranger = _cluster.Worker("stranger", ["--cookie-file", wrong]);
        Assert.Contains("--cookie-file", stranger.WaitFor<Refused>().Reason, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, stranger.Wait().ExitCode);
        NnClusterProcess forgetful = _cluster.Worker("forgetful");
        Assert.Contains("--cookie-file", forgetful.WaitFor<Refused>().Reason, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Refused, forgetful.Wait().ExitCode);
        SmallCluster.AssertSameBits(coordinator, 3, _cluster.Worker("friend", ["--cookie-file", right]));
    }

    [Fact]
    public void Certificates_protect_both_planes()
    {
        string[] tls = new Certificates(_cluster.Directory["tls"], IPAddress.Loopback).Options;
        NnClusterProcess coordinator = _cluster.Coordinator([.. tls, "--min-workers", "2"]);
        NnClusterProcess[] workers = [_cluster.Worker("a", tls), _cluster.Worker("b", tls)];
        SmallCluster.AssertSameBits(coordinator, 3, workers);
    }

    [Fact]
    public void A_run_without_workers_ends_after_its_start_timeout_with_the_reason()
    {
        ProcessResult result = _cluster.Coordinator(["--min-workers", "2", "--start-timeout", "0.5s"]).Wait();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "only 0 of the 2 workers needed to start joined within 0.5 s (--min-workers, --start-workers, --start-timeout)", result.Error);
    }

    [Fact]
    public void An_address_in_use_is_named_and_ends_with_exit_code_2()
    {
        using var taken = new TcpListener(IPAddress.Loopback, _cluster.Port);
        taken.Start();
        ProcessResult result = _cluster.Coordinator([]).Wait();
        Assert.True(result.ExitCode == 2, result.Error);
        Assert.Contains($"cannot listen on {_cluster.Address}", result.Error.Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_without_a_coordinator_gives_up_and_says_so()
    {
        ProcessResult result = _cluster.Worker("lonely", ["--give-up-after", "0.5s"]).Wait();
        Assert.Equal(ExitCode.CoordinatorGone, result.ExitCode);
        Assert.Contains($"no coordinator at {_cluster.Address}", result.Error.Split('\n')[^1], StringComparison.Ordinal);
    }

    [RootFact]
    public void A_worker_from_which_no_way_leads_to_the_coordinator_waits_for_one()
    {
        NnClusterProcess island = _cluster.Worker("island", ["--insecure", "--give-up-after", "1s"], join: "10.77.9.9:4500", under: ["unshare", "--net"]);
        Assert.Contains("10.77.9.9", island.WaitFor<Waiting>().Reason, StringComparison.Ordinal);
        ProcessResult result = island.Wait();
        Assert.Equal(ExitCode.CoordinatorGone, result.ExitCode);
        Assert.Contains("no coordinator at 10.77.9.9:4500", result.Error.Split('\n')[^1], StringComparison.Ordinal);
    }

    public void Dispose() => _cluster.Dispose();

    private string Cookie(string name)
    {
        string path = _cluster.Directory[name];
        File.WriteAllText(path, Convert.ToHexString(RandomNumberGenerator.GetBytes(16)) + "\n");
        return path;
    }
}
