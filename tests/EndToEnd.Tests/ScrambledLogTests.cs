using System.Collections.Concurrent;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Restarts do not depend on log lines: every line of every process is replaced by others, chosen to mislead.</summary>
public sealed class ScrambledLogTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    // Sentences that programs once understood, and records in the wrong place.
    private static readonly string[] Noise =
    [
        "works for the coordinator at 127.0.0.1:1",
        "the run is over: it is complete",
        "run directory: /nowhere",
        """{"status":"dismissed","reason":"noise"}""",
        """{"status":"ended","exitCode":0,"outcome":"done"}""",
        """{"status":"prepared","runDirectory":"/nowhere","runId":"noise","term":9}""",
    ];

    private readonly SmallCluster _cluster = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly BlockingCollection<StatusRecord> _records = [];

    [Fact]
    public async Task A_killed_worker_and_a_killed_coordinator_are_restarted_and_the_bits_are_the_same()
    {
        string run = _cluster.Directory["run"];
        using var launcher = new Launcher(Plan(run), _log.Enqueue, _records.Add);
        Task<ProcessEnd> ended = launcher.RunAsync(CancellationToken.None);
        var follow = new RunFollower(run, () => ended.IsCompleted);
        follow.WaitForEpoch(5);
        Kill(launcher, "worker-1");
        follow.WaitForJoin("worker-1.2");
        SmallCluster.WaitForCheckpoint(run);
        Kill(launcher, Launcher.CoordinatorName);
        WaitFor<Listening>(listening => listening.Term == 2);

        ProcessEnd end = await ended.WaitAsync(Timeout);

        Assert.True(end.ExitCode == 0, $"exit code {end.ExitCode}: {end.Reason}");
        var summary = RunSummary.Parse(await File.ReadAllTextAsync(Path.Combine(run, "summary.json")));
        Assert.Equal(SmallCluster.Expected(SmallCluster.Long), summary.WeightsSha256);
        // Behind the name of its process, each line is noise.
        string[] scrambled = [.. _log.Select(line => line.Split(" | ", 2)).Where(parts => parts.Length == 2).Select(parts => parts[1])];
        Assert.NotEmpty(scrambled);
        Assert.All(scrambled, line => Assert.Contains(line, Noise));
    }

    public void Dispose()
    {
        _records.Dispose();
        _cluster.Dispose();
    }

    private void Kill(Launcher launcher, string name)
    {
        NnClusterProcess.Signal(launcher.ProcessOf(name)!.Value, SmallCluster.SigKill);
        WaitFor<ChildEnded>(end => end.Name == name && end is { ExitCode: 137, Action: ChildAction.Restart });
    }

    private void WaitFor<T>(Predicate<T> predicate)
        where T : StatusRecord
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (_records.Take(timeout.Token) is not T wanted || !predicate(wanted))
        {
        }
    }

    private LaunchPlan Plan(string run) => new()
    {
        Coordinator =
        [
            .. Scrambled("nncluster"), "train", "--end-with-input", "--workers", "0", "--listen", _cluster.Address, "--min-workers", "2",
            "--checkpoint-every", "5", .. SmallCluster.Training(SmallCluster.Long),
        ],
        First = ["--out", run],
        Out = run,
        Workers =
        [
            .. new[] { "worker-1", "worker-2" }.Select(name => new NodeCommandLine(name,
            [
                .. Scrambled("nncluster"), "worker", "--end-with-input", "--status-fd", "1", "--join", _cluster.Address,
                "--name", name, "--workers", "1", "--cache", _cluster.Directory["cache"],
            ])),
        ],
        MinWorkers = 2,
        MaxRestarts = 10,
        ShowOutput = false,
    };

    /// <summary>
    /// A command that runs a program, in the same process, with every line of its standard error replaced, and with its
    /// standard output too where that is not the status channel.
    /// </summary>
    private string[] Scrambled(string program)
    {
        string noise = _cluster.Directory["noise"];
        File.WriteAllLines(noise, Noise);
        string script = _cluster.Directory["scramble"];
        File.WriteAllText(script, $$"""
            #!/bin/sh
            pipe=$(mktemp -u -p "{{_cluster.Directory.Path}}") && mkfifo "$pipe"
            awk 'BEGIN { while ((getline line < "{{noise}}") > 0) noise[n++] = line } { print noise[NR % n]; fflush() }' < "$pipe" >&2 &
            case "$*" in
            *" train "*) exec "$@" > "$pipe" 2>&1 ;;
            *) exec "$@" 2> "$pipe" ;;
            esac
            """);
        return ["sh", script, "dotnet", NnClusterProcess.PathOf(program)];
    }
}
