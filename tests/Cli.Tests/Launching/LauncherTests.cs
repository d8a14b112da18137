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
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Launching;

/// <summary>Clusters of shell scripts: which process is restarted, with which options, and when a launch gives up.</summary>
public sealed class LauncherTests : IDisposable
{
    private const string Stays = "trap 'exit 130' TERM; while :; do sleep 0.05; done";

    private const string Works = """echo '{"status":"joined","coordinator":"127.0.0.1:1","workers":1,"term":1}'; """;
    private const string IsDismissed = """echo '{"status":"dismissed","reason":"it is complete"}'; """;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(50);

    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentQueue<StatusRecord> _records = new();

    private string Out => _directory["run"];

    // Appends the options of this incarnation of the coordinator to a file; behind them comes the one of the status channel.
    private string NoteOptions => $"echo \"$1 $2\" >> {_directory["incarnations"]}";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_coordinator_killed_before_it_had_a_checkpoint_begins_its_directory_again()
    {
        await Run(Plan($"{NoteOptions}; [ -e {Out}/metrics.jsonl ] && exit 0; mkdir {Out}; touch {Out}/metrics.jsonl; kill -9 $$"), expected: 0);

        Assert.Equal([$"--out {Out}", $"--out {Out}"], Incarnations());
    }

    [Fact]
    public async Task A_coordinator_killed_before_it_reported_its_directory_goes_on_from_the_checkpoint_in_it()
    {
        await Run(Plan($"{NoteOptions}; [ -e {Out} ] && exit 0; mkdir {Out}; touch {Out}/checkpoint-0.safetensors; kill -9 $$"), expected: 0);

        Assert.Equal([$"--out {Out}", $"--resume {Out}"], Incarnations());
    }

    [Fact]
    public async Task A_run_that_was_in_the_directory_before_is_not_gone_on_with()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "checkpoint-5.safetensors"), "");

        await Run(Plan($"{NoteOptions}; [ $(wc -l < {_directory["incarnations"]}) = 1 ] || exit 2; kill -9 $$"), expected: 2);

        Assert.Equal([$"--out {Out}", $"--out {Out}"], Incarnations());
    }

    [Fact]
    public async Task A_coordinator_is_restarted_in_the_directory_that_it_reported()
    {
        await Run(Plan($"{NoteOptions}; [ $(wc -l < {_directory["incarnations"]}) = 1 ] || exit 0; echo '{Prepared("/there")}' > /dev/fd/$4; kill -9 $$"), expected: 0);

        Assert.Equal([$"--out {Out}", "--resume /there"], Incarnations());
    }

    [Fact]
    public async Task A_coordinator_that_crashes_too_often_ends_the_launch_with_that_as_its_last_line()
    {
        await Run(Plan("kill -9 $$") with { MaxRestarts = 2 }, expected: 1);

        Assert.Equal("the coordinator crashed (exit code 137) too often (--max-restarts 2)", _log.Last());
        Assert.Equal([ChildAction.Restart, ChildAction.Restart, ChildAction.GiveUp], Ends("coordinator").Select(end => end.Action));
        Assert.All(Ends("coordinator"), end => Assert.Equal(137, end.ExitCode));
    }

    [Fact]
    public async Task Too_few_workers_that_can_still_come_end_the_run_as_asked_to_and_the_launch_with_exit_code_1()
    {
        await Run(Plan(Stays, Works + "kill -9 $$", Works + Stays) with { MinWorkers = 2, MaxRestarts = 1 }, expected: 1);

        ChildEnded[] expected = [new("worker-1", 137, ChildAction.Restart, 0), new("worker-1", 137, ChildAction.GiveUp, WorkersLeft: 1)];
        Assert.Equal(expected, Ends("worker-1"));
        Assert.Contains("--min-workers", _log.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 1")]
    [InlineData("exit 2")]
    [InlineData("exit 0")]
    [InlineData("exit 3")]
    [InlineData("exit 4")]
    public async Task A_worker_that_ends_by_itself_is_not_waited_for(string ends)
    {
        await Run(Plan(Stays, Works + ends, Works + Stays) with { MinWorkers = 2 }, expected: 1);

        Assert.Equal([new("worker-1", ends[^1] - '0', ChildAction.GiveUp, WorkersLeft: 1)], Ends("worker-1"));
    }

    [Fact]
    public async Task The_run_goes_on_with_the_workers_that_are_left_where_they_are_enough()
    {
        // The coordinator is done when the launcher has reported that the worker is not restarted.
        string gone = _directory["gone"];
        LaunchPlan plan = Plan($"until [ -e {gone} ]; do sleep 0.05; done", Works + "exit 1", Works + Stays) with { MinWorkers = 1 };

        await Run(plan, expected: 0, record =>
        {
            if (record is ChildEnded { Name: "worker-1", ExitCode: 1, Action: ChildAction.GiveUp })
            {
                File.WriteAllText(gone, "");
            }
        });

        Assert.Empty(Ends("coordinator"));
    }

    [Fact]
    public async Task Slots_are_counted_not_processes()
    {
        LaunchPlan plan = Plan(Stays, Works + "exit 1", Works + Stays) with { MinWorkers = 3 };

        await Run(plan with { Workers = [plan.Workers[0] with { Workers = 2 }, plan.Workers[1] with { Workers = 2 }] }, expected: 1);

        Assert.Equal(2, Assert.Single(Ends("worker-1")).WorkersLeft);
    }

    [Fact]
    public async Task Workers_that_were_told_of_the_end_are_not_missed()
    {
        string told = _directory["told"];
        // As a coordinator that writes its model when the workers are gone.
        LaunchPlan plan = Plan($"until [ -e {told} ]; do sleep 0.05; done; sleep 1", Works + IsDismissed + $"touch {told}");

        await Run(plan, expected: 0);

        Assert.DoesNotContain(_records, record => record is ChildEnded { Action: not ChildAction.Wait });
    }

    [Fact]
    public async Task A_worker_that_was_told_of_the_end_is_there_for_a_coordinator_that_died_before_its_own()
    {
        string told = _directory["told"];
        string toldTwice = $"until [ \"$(wc -l < {told})\" = 2 ]; do sleep 0.05; done";
        string coordinator = $"touch {told}; if [ -e {Out} ]; then {toldTwice}; exit 0; fi; mkdir {Out}; touch {Out}/checkpoint-0.safetensors; until [ -s {told} ]; do sleep 0.05; done; kill -9 $$";

        await Run(Plan(coordinator, Works + IsDismissed + $"echo >> {told}"), expected: 0);
    }

    [Fact]
    public async Task A_worker_that_never_came_in_ends_the_launch_with_exit_code_2()
    {
        await Run(Plan(Stays, "echo 'refused: no' >&2; exit 2", Works + Stays), expected: 2);

        Assert.Equal("worker-1 (exit code 2): refused: no", _log.Last());
    }

    [Fact]
    public async Task The_cause_of_a_worker_that_never_came_in_is_the_one_that_it_reported()
    {
        const string refused = """echo '{"status":"refused","coordinator":"a:1","reason":"no"}'; echo noise >&2; exit 3""";
        await Run(Plan(Stays, refused, Works + Stays), expected: 2);

        Assert.Equal("worker-1 (exit code 3): no", _log.Last());
    }

    [Fact]
    public async Task Lines_on_the_channel_that_are_no_records_are_logged_and_decide_nothing()
    {
        string torn = """echo 'Welcome to alpha'; echo '{"status":"dismis'; echo '{"status":"celebrating"}'; """;
        await Run(Plan(Stays, torn + Works + "exit 1", Works + Stays) with { MinWorkers = 2 }, expected: 1);

        const string name = "worker-1    | ";
        Assert.Equal(
            ["Welcome to alpha", """{"status":"dismis""", """{"status":"celebrating"}"""],
            _log.Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => line[name.Length..]));
        Assert.Equal(ChildAction.GiveUp, Assert.Single(Ends("worker-1")).Action);
    }

    [Fact]
    public async Task Records_in_the_log_decide_nothing()
    {
        string logged = IsDismissed.Replace("; ", " >&2; ", StringComparison.Ordinal);
        await Run(Plan(Stays, Works + logged + "exit 0", Works + Stays) with { MinWorkers = 2 }, expected: 1);

        Assert.Equal(ChildAction.GiveUp, Assert.Single(Ends("worker-1")).Action);
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
        await Run(plan, expected: 130, record =>
        {
            if (record is ChildEnded { Action: ChildAction.Restart, PauseSeconds: 60 })
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

    private async Task Run(LaunchPlan plan, int expected, Action<StatusRecord>? onRecord = null, CancellationToken stop = default)
    {
        using var launcher = new Launcher(plan, _log.Enqueue, record =>
        {
            _records.Enqueue(record);
            onRecord?.Invoke(record);
        });
        ProcessEnd end = await launcher.RunAsync(stop).WaitAsync(Timeout, CancellationToken.None);
        Assert.True(end.ExitCode == expected, $"exit code {end.ExitCode}: {string.Join('\n', _log)}");
    }

    private static string Prepared(string directory) => $$"""{"status":"prepared","runDirectory":"{{directory}}","runId":"r","term":1}""";

    private ChildEnded[] Ends(string name) => [.. _records.OfType<ChildEnded>().Where(end => end.Name == name)];

    private string[] Incarnations() => File.ReadAllLines(_directory["incarnations"]);
}
