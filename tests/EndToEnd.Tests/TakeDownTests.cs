using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>A launch that is asked to end is soon gone with all it started, and the run can be gone on with.</summary>
public sealed class TakeDownTests : IDisposable
{
    private const int Interrupt = 2;
    private readonly SmallCluster _cluster = new();

    [Fact]
    public void Everything_is_down_in_time_leaves_nothing_behind_and_a_resumed_run_has_the_same_bits()
    {
        int linkPort = SmallCluster.FreePort();
        string run = _cluster.Directory["run"];
        NnClusterProcess launch = _cluster.Launch(["--workers", "3", "--listen", _cluster.Address, "--link-port", $"{linkPort}", "--checkpoint-every", "100000"], epochs: SmallCluster.Long, at: run);
        launch.Follow.WaitForEpoch(5);
        int[] children = SmallCluster.ChildrenOf(launch.Id);
        Assert.Equal(4, children.Length);
        long asked = Stopwatch.GetTimestamp();
        launch.Signal(PosixSignal.SIGTERM);
        ProcessResult stopped = launch.Wait();
        TimeSpan took = Stopwatch.GetElapsedTime(asked);
        Assert.True(stopped.ExitCode == 130, stopped.Error);
        Assert.True(took < TimeSpan.FromSeconds(3), $"took {took}");
        Assert.All(children, child => Assert.False(SmallCluster.Runs(child), $"process {child} still runs"));
        AssertFree(_cluster.Port);
        AssertFree(linkPort);
        string[] files = [.. Directory.GetFiles(_cluster.Directory.Path, "*", SearchOption.AllDirectories).Select(Path.GetFileName).OfType<string>()];
        Assert.Contains($"checkpoint-{stopped.Field("steps")}.safetensors", files);
        Assert.DoesNotContain(files, file => file.Contains("tmp", StringComparison.OrdinalIgnoreCase) || file.Contains("part", StringComparison.OrdinalIgnoreCase));

        NnClusterProcess resumed = _cluster.Start(["launch", "--json", "--resume", run, "--workers", "2", "--cache", _cluster.Directory["cache"]]);
        ProcessResult result = SmallCluster.AssertSameBits(resumed, SmallCluster.Long);
        Assert.Equal(stopped.Field("steps"), result.Field("resumedFromStep"));
    }

    [Fact]
    public void Ctrl_C_which_a_terminal_gives_to_all_of_them_ends_with_a_checkpoint_too()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "2"], epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(5);
        int[] children = SmallCluster.ChildrenOf(launch.Id);
        foreach (int process in children.Append(launch.Id))
        {
            NnClusterProcess.Signal(process, Interrupt);
        }

        ProcessResult result = launch.Wait();
        Assert.True(result.ExitCode == 130, result.Error);
        Assert.True(File.Exists(Path.Combine(result.Field("runDirectory"), $"checkpoint-{result.Field("steps")}.safetensors")));
        Assert.Equal("0", result.Field("workersLost"));
    }

    public void Dispose() => _cluster.Dispose();

    private static void AssertFree(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
    }
}
