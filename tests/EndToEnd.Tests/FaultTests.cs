using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Processes that are killed, stopped and ended cost time, never a bit.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly SmallCluster _cluster = new();

    [Fact]
    public void A_killed_worker_and_its_replacement_change_no_bit()
    {
        NnClusterProcess coordinator = _cluster.Coordinator(["--min-workers", "2"], epochs: SmallCluster.Long);
        NnClusterProcess victim = _cluster.Worker("victim");
        NnClusterProcess witness = _cluster.Worker("witness");
        coordinator.Follow.WaitForEpoch(5);
        // Stopped first, so that it certainly holds shards when it dies.
        NnClusterProcess.Signal(victim.Id, SmallCluster.SigStop);
        coordinator.Follow.WaitForReassignment();
        NnClusterProcess.Signal(victim.Id, SmallCluster.SigKill);
        coordinator.Follow.WaitForLoss("victim.1");
        coordinator.Follow.WaitForPause(1, 2);
        NnClusterProcess replacement = _cluster.Worker("victim");
        coordinator.Follow.WaitForJoin("victim.2");
        ProcessResult result = SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, witness, replacement);
        Assert.True(int.Parse(result.Field("reassignedShards"), null) > 0);
        Assert.Equal(("1", "2"), (result.Field("workersLost"), result.Field("workers")));
    }

    [Fact]
    public void A_worker_asked_to_end_leaves_at_once_and_the_run_goes_on()
    {
        NnClusterProcess coordinator = _cluster.Coordinator(["--workers", "1", "--min-workers", "2"], epochs: SmallCluster.Long);
        NnClusterProcess leaver = _cluster.Worker("leaver");
        coordinator.Follow.WaitForEpoch(5);
        leaver.Signal(PosixSignal.SIGTERM);
        Assert.Equal(130, leaver.Wait().ExitCode);
        coordinator.Follow.WaitForLoss("leaver.1");
        SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, _cluster.Worker("next"));
    }

    [Fact]
    public void Launch_gives_the_bits_of_one_process()
    {
        ProcessResult result = SmallCluster.AssertSameBits(_cluster.Launch(["--workers", "3"]), 3);
        Assert.Equal(("3", "0"), (result.Field("workers"), result.Field("workersLost")));
    }

    [Fact]
    public void A_killed_coordinator_comes_back_under_launch_and_ends_with_the_same_bits()
    {
        string run = _cluster.Directory["run"];
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--checkpoint-every", "5"], epochs: SmallCluster.Long, at: run);
        launch.Follow.WaitForEpoch(5);
        SmallCluster.WaitForCheckpoint(run);
        NnClusterProcess.Signal(Coordinator(launch), SmallCluster.SigKill);
        launch.WaitFor<ChildEnded>(end => end is { Name: "coordinator", ExitCode: 137, Action: ChildAction.Restart });
        launch.WaitFor<Listening>(listening => listening.Term == 2);
        ProcessResult result = SmallCluster.AssertSameBits(launch, SmallCluster.Long);
        Assert.True(result.Json.GetProperty("resumedFromStep").GetInt64() > 0);
        RunEvent[] events = [.. new EventTail(new RunPaths(run).Events).Read().Select(logged => logged.Event)];
        Assert.Equal([1, 2], events.OfType<RunStarted>().Select(started => started.Term));
        // The killed term has no end.
        Assert.Equal(Assert.Single(events.OfType<RunEnded>()), events[^1]);
    }

    [Fact]
    public void A_killed_worker_is_restarted_by_launch()
    {
        // While it is away the run waits for it, so that it cannot be over before.
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--min-workers", "2"], epochs: SmallCluster.Long);
        launch.Follow.WaitForEpoch(5);
        KillWorker(launch, "worker-1");
        launch.WaitFor<ChildEnded>(end => end is { Name: "worker-1", Action: ChildAction.Restart });
        launch.Follow.WaitForJoin("worker-1.2");
        SmallCluster.AssertSameBits(launch, SmallCluster.Long);
    }

    [Fact]
    public void A_coordinator_killed_while_it_starts_begins_again_under_launch()
    {
        // Where exactly it is then differs; each place must do.
        string run = _cluster.Directory["run"];
        NnClusterProcess launch = _cluster.Launch(["--workers", "2"], epochs: SmallCluster.Long, at: run);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "metrics.jsonl")), TimeSpan.FromSeconds(60)), "no run directory appears");
        NnClusterProcess.Signal(Coordinator(launch), SmallCluster.SigKill);
        launch.WaitFor<ChildEnded>(end => end is { Name: "coordinator", ExitCode: 137, Action: ChildAction.Restart, PauseSeconds: 0 });
        ProcessResult result = SmallCluster.AssertSameBits(launch, SmallCluster.Long);
        Assert.Equal(run, result.Field("runDirectory"));
    }

    [Fact]
    public void A_directory_whose_run_was_killed_before_it_began_is_trained_in()
    {
        string run = _cluster.Directory["run"];
        Directory.CreateDirectory(run);
        foreach (string left in new[] { "config.json", "metrics.jsonl", "events.jsonl", ".lock" })
        {
            File.WriteAllText(Path.Combine(run, left), "");
        }

        SmallCluster.AssertSameBits(_cluster.Launch(["--workers", "1"], at: run), 3);
    }

    [Fact]
    public void A_worker_that_is_needed_and_crashes_too_often_ends_the_launch_with_a_checkpoint()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--max-restarts", "1", "--min-workers", "2"], epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(5);
        KillWorker(launch, "worker-1");
        launch.WaitFor<ChildEnded>(end => end is { Name: "worker-1", ExitCode: 137, Action: ChildAction.Restart, PauseSeconds: 0 });
        launch.Follow.WaitForJoin("worker-1.2");
        KillWorker(launch, "worker-1");
        launch.WaitFor<ChildEnded>(end => end is { Name: "worker-1", ExitCode: 137, Action: ChildAction.GiveUp, WorkersLeft: 1 });
        ProcessResult result = launch.Wait();
        Assert.True(result.ExitCode == 1, result.Error);
        Ended ended = launch.WaitFor<Ended>();
        Assert.Equal((1, ProcessOutcome.Failed), (ended.ExitCode, ended.Outcome));
        Assert.Contains("--min-workers", ended.Reason, StringComparison.Ordinal);
        Assert.Contains($"checkpoint-{result.Field("steps")}.safetensors", Directory.GetFiles(result.Field("runDirectory")).Select(Path.GetFileName));
    }

    [Fact]
    public void A_run_goes_on_without_a_worker_that_crashes_too_often_where_the_others_are_enough()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "3", "--max-restarts", "0"], epochs: SmallCluster.Long);
        launch.Follow.WaitForEpoch(5);
        KillWorker(launch, "worker-2");
        SmallCluster.AssertSameBits(launch, SmallCluster.Long);
        launch.WaitFor<ChildEnded>(end => end is { Name: "worker-2", ExitCode: 137, Action: ChildAction.GiveUp, WorkersLeft: 2 });
        Assert.False(launch.Follow.HasPaused);
    }

    [Fact]
    public void Launch_asked_to_end_writes_a_checkpoint_and_leaves_nothing_behind()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--listen", _cluster.Address], epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(5);
        int[] children = SmallCluster.ChildrenOf(launch.Id);
        Assert.Equal(3, children.Length);
        long asked = System.Diagnostics.Stopwatch.GetTimestamp();
        launch.Signal(PosixSignal.SIGTERM);
        ProcessResult result = launch.Wait();
        TimeSpan took = System.Diagnostics.Stopwatch.GetElapsedTime(asked);
        Assert.True(result.ExitCode == 130, result.Error);
        Assert.True(took < TimeSpan.FromSeconds(3), $"took {took}");
        Assert.Contains($"checkpoint-{result.Field("steps")}.safetensors", Directory.GetFiles(result.Field("runDirectory")).Select(Path.GetFileName));
        AssertGone(children);
    }

    [Fact]
    public void Launch_starts_workers_on_other_hosts_over_ssh()
    {
        // In place of ssh: the shell that the other host would give the line to.
        string ssh = _cluster.Directory["ssh"];
        File.WriteAllText(ssh, "#!/bin/sh\necho \"host $1\" >&2\nshift\nexec sh -c \"$*\"\n");
        string worker = NnClusterProcess.Program;
        NnClusterProcess launch = _cluster.Launch(["--hosts", "alpha:2,beta", "--workers-per-node", "1", "--listen", _cluster.Address, "--ssh-command", $"sh {ssh}", "--remote-command", $"dotnet {worker} worker"]);
        ProcessResult result = SmallCluster.AssertSameBits(launch, 3);
        Assert.Equal("3", result.Field("workers"));
        Assert.Contains("alpha       | host alpha", result.Error, StringComparison.Ordinal);
        Assert.Contains("beta        | host beta", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Launch_whose_workers_are_all_refused_ends_with_exit_code_2()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--cache", "/dev/null/cache"]);
        ProcessResult result = launch.Wait();
        Assert.True(result.ExitCode == 2, result.Error);
        Assert.Contains("the data set cache /dev/null/cache cannot be written", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_launch_started_ends_with_it_even_when_it_is_killed()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--listen", _cluster.Address], epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(5);
        int[] children = SmallCluster.ChildrenOf(launch.Id);
        NnClusterProcess.Signal(launch.Id, SmallCluster.SigKill);
        foreach (int child in children)
        {
            SmallCluster.WaitForEndOf(child);
        }

        AssertGone(children);
    }

    public void Dispose() => _cluster.Dispose();

    private static int Coordinator(NnClusterProcess launch) =>
        SmallCluster.ChildrenOf(launch.Id).First(child => SmallCluster.CommandLineOf(child).Contains("nncluster.dll train", StringComparison.Ordinal));

    private static void KillWorker(NnClusterProcess launch, string name) => NnClusterProcess.Signal(
        SmallCluster.ChildrenOf(launch.Id).First(child => SmallCluster.CommandLineOf(child).Contains($"--name {name}", StringComparison.Ordinal)),
        SmallCluster.SigKill);

    private void AssertGone(int[] children)
    {
        Assert.All(children, child => Assert.False(SmallCluster.Runs(child), $"process {child} still runs"));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, _cluster.Port));
    }
}
