using System.Collections.Concurrent;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Launching;

/// <summary>Clusters of shell scripts: what is started again, with what, and when a launch gives up.</summary>
public sealed class LauncherTests : IDisposable
{
    private const string Stays = "trap 'exit 130' TERM; while :; do sleep 0.05; done";

    private static readonly string Works = $"echo '{NodeActor.WorksFor} 127.0.0.1:1' >&2; ";
    private static readonly string Dismissed = $"echo '{NodeProcess.RunIsOver}: it is complete' >&2; ";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(50);

    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<string> _log = new();

    private string Out => _directory["run"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_coordinator_killed_before_it_had_a_checkpoint_begins_its_directory_again()
    {
        await Run(Plan($"echo \"$@\" >> {_directory["lives"]}; [ -e {Out}/metrics.jsonl ] && exit 0; mkdir {Out}; touch {Out}/metrics.jsonl; kill -9 $$"), expected: 0);

        Assert.Equal([$"--out {Out}", $"--out {Out}"], Incarnations());
    }

    [Fact]
    public async Task A_coordinator_killed_before_it_told_its_directory_goes_on_from_the_checkpoint_in_it()
    {
        await Run(Plan($"echo \"$@\" >> {_directory["lives"]}; [ -e {Out} ] && exit 0; mkdir {Out}; touch {Out}/checkpoint-0.safetensors; kill -9 $$"), expected: 0);

        Assert.Equal([$"--out {Out}", $"--resume {Out}"], Incarnations());
    }

    [Fact]
    public async Task A_run_that_was_in_the_directory_before_is_not_gone_on_with()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "checkpoint-5.safetensors"), "");

        await Run(Plan($"echo \"$@\" >> {_directory["lives"]}; [ $(wc -l < {_directory["lives"]}) = 1 ] || exit 2; kill -9 $$"), expected: 2);

        Assert.Equal([$"--out {Out}", $"--out {Out}"], Incarnations());
    }

    [Fact]
    public async Task A_coordinator_goes_on_where_it_said_that_its_files_are()
    {
        await Run(Plan($"echo \"$@\" >> {_directory["lives"]}; [ $(wc -l < {_directory["lives"]}) = 1 ] || exit 0; echo '{TrainingSession.RunDirectoryLine}/there' >&2; kill -9 $$"), expected: 0);

        Assert.Equal([$"--out {Out}", "--resume /there"], Incarnations());
    }

    [Fact]
    public async Task A_coordinator_that_crashes_too_often_ends_the_launch_with_that_as_its_last_line()
    {
        await Run(Plan("kill -9 $$") with { MaxRestarts = 2 }, expected: 1);

        Assert.Equal("the coordinator crashed (exit code 137) too often (--max-restarts 2)", _log.Last());
        Assert.Equal(2, _log.Count(line => line.Contains("restarting it", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Too_few_workers_that_can_still_come_end_the_run_as_asked_to_and_the_launch_with_exit_code_1()
    {
        await Run(Plan(Stays, Works + "kill -9 $$", Works + Stays) with { MinWorkers = 2, MaxRestarts = 1 }, expected: 1);

        Assert.Contains("worker-1 ended with exit code 137 and is not restarted (--max-restarts 1)", _log);
        Assert.Contains("worker-1 is gone (exit code 137: works for the coordinator at 127.0.0.1:1) and 1 of 2 workers needed can still come", _log.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 1")]
    [InlineData("exit 2")]
    [InlineData("exit 0")]
    public async Task A_worker_that_ends_by_itself_is_not_waited_for(string ends)
    {
        await Run(Plan(Stays, Works + ends, Works + Stays) with { MinWorkers = 2 }, expected: 1);

        Assert.Contains("1 of 2 workers needed can still come", _log.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_run_goes_on_with_the_workers_that_are_left_where_they_are_enough()
    {
        // The coordinator is done when the launcher has said that the worker is not restarted.
        string gone = _directory["gone"];
        LaunchPlan plan = Plan($"until [ -e {gone} ]; do sleep 0.05; done", Works + "exit 1", Works + Stays) with { MinWorkers = 1 };

        await Run(plan, expected: 0, line =>
        {
            if (line == "worker-1 ended with exit code 1 and is not restarted")
            {
                File.WriteAllText(gone, "");
            }
        });

        Assert.DoesNotContain(_log, line => line.Contains("cannot be had", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Slots_are_counted_not_processes()
    {
        LaunchPlan plan = Plan(Stays, Works + "exit 1", Works + Stays) with { MinWorkers = 3 };

        await Run(plan with { Workers = [plan.Workers[0] with { Workers = 2 }, plan.Workers[1] with { Workers = 2 }] }, expected: 1);

        Assert.Contains("2 of 3 workers needed can still come", _log.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workers_that_were_told_of_the_end_are_not_missed()
    {
        string told = _directory["told"];
        // As a coordinator that writes its model when the workers are gone.
        LaunchPlan plan = Plan($"until [ -e {told} ]; do sleep 0.05; done; sleep 1", Works + Dismissed + $"touch {told}");

        await Run(plan, expected: 0);

        Assert.DoesNotContain(_log, line => line.Contains("not restarted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_was_told_of_the_end_is_there_for_a_coordinator_that_died_before_its_own()
    {
        string told = _directory["told"];
        string toldTwice = $"until [ \"$(wc -l < {told})\" = 2 ]; do sleep 0.05; done";
        string coordinator = $"touch {told}; if [ -e {Out} ]; then {toldTwice}; exit 0; fi; mkdir {Out}; touch {Out}/checkpoint-0.safetensors; until [ -s {told} ]; do sleep 0.05; done; kill -9 $$";

        await Run(Plan(coordinator, Works + Dismissed + $"echo >> {told}"), expected: 0);
    }

    [Fact]
    public async Task A_worker_that_never_came_in_ends_the_launch_with_exit_code_2()
    {
        await Run(Plan(Stays, "echo 'refused: no' >&2; exit 2", Works + Stays), expected: 2);

        Assert.Equal("worker-1 (exit code 2): refused: no", _log.Last());
    }

    [Fact]
    public async Task What_a_program_leaves_running_does_not_keep_the_launch()
    {
        // As an ssh that leaves its shared connection open, with the standard error it was given.
        await Run(Plan("sleep 120 & echo $! > " + _directory["left"]), expected: 0);

        NnClusterProcess.TrySignal(int.Parse(File.ReadAllText(_directory["left"]), null), ProcessSignal.Kill);
    }

    [Fact]
    public async Task The_end_does_not_wait_for_a_pause_before_a_restart()
    {
        using var stop = new CancellationTokenSource();
        string ready = _directory["ready"];
        LaunchPlan plan = Plan($"trap 'exit 130' TERM; touch {ready}; while :; do sleep 0.05; done", $"{Works} until [ -e {ready} ]; do sleep 0.05; done; kill -9 $$") with { RestartPause = TimeSpan.FromHours(1) };

        // Any pause is a minute at most, but that is longer than this test waits.
        await Run(plan, expected: 130, line =>
        {
            if (line.EndsWith("restarting it in 60 s", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        }, stop.Token);
    }

    private LaunchPlan Plan(string coordinator, params string[] workers) => new()
    {
        Coordinator = ["sh", "-c", coordinator, "coordinator"],
        First = ["--out", Out],
        Out = Out,
        Workers = [.. workers.Select((script, number) => new NodeCommandLine($"worker-{number + 1}", ["sh", "-c", script]))],
        MinWorkers = workers.Length,
        MaxRestarts = 3,
        RestartPause = TimeSpan.Zero,
        ShowOutput = false,
    };

    private async Task Run(LaunchPlan plan, int expected, Action<string>? line = null, CancellationToken stop = default)
    {
        using var launcher = new Launcher(plan, text =>
        {
            _log.Enqueue(text);
            line?.Invoke(text);
        });
        int code = await launcher.RunAsync(stop).WaitAsync(Timeout, CancellationToken.None);
        Assert.True(code == expected, $"exit code {code}: {string.Join('\n', _log)}");
    }

    private string[] Incarnations() => File.ReadAllLines(_directory["lives"]);
}
