using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Everything that a launch and a node tell their operator: the lines of each process in their order, and no line of Akka's own.</summary>
public sealed partial class LaunchLogTests : IDisposable
{
    private readonly SmallCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public void An_undisturbed_launch()
    {
        ProcessResult result = _cluster.Launch(["--workers", "2"]).Wait();
        Assert.True(result.ExitCode == 0, result.Error);
        AssertLines(
            result.Error,
            """
            coordinator | validation # of # rows, stratified, seed #
            coordinator | run-#: # parameters, # epochs of #-row batches, # shards, simd, seed #
            coordinator | run directory: RUN
            coordinator | listening on ADDRESS (term #); waiting for # workers: nncluster worker --join ADDRESS
            coordinator | worker-N joined
            coordinator | worker-N joined
            coordinator | epoch #/#  step #  train loss #  test loss #  train # %  test # %  validation loss #  validation # %  # s
            worker-N | data set DATA
            worker-N | works for the coordinator at ADDRESS with # worker (term #)
            worker-N | the run is over: it is complete
            """);
    }

    [Fact]
    public void A_launch_with_a_worker_that_is_killed_and_restarted()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "3"], epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(2);
        NnClusterProcess.Signal(SmallCluster.ChildrenOf(launch.Id).Single(child => SmallCluster.CommandLineOf(child).Contains("--name worker-2 ", StringComparison.Ordinal)), SmallCluster.SigKill);
        launch.Follow.WaitForLoss("worker-2.1");
        launch.Follow.WaitForJoin("worker-2.2");
        launch.Follow.WaitForNextEpoch();
        launch.Signal(PosixSignal.SIGTERM);
        ProcessResult result = launch.Wait();
        Assert.True(result.ExitCode == 130, result.Error);
        string[] about = [.. Normalised(result.Error).Where(line => !line.Contains("epoch ", StringComparison.Ordinal) && !line.Contains("reassigned", StringComparison.Ordinal)).Distinct()];
        Assert.Equal(
            string.Join('\n', Lines("""
            coordinator | Interrupted after step #; resume with: nncluster train --resume RUN
            coordinator | interrupted
            coordinator | listening on ADDRESS (term #); waiting for # workers: nncluster worker --join ADDRESS
            coordinator | run directory: RUN
            coordinator | validation # of # rows, stratified, seed #
            coordinator | run-#: # parameters, # epochs of #-row batches, # shards, simd, seed #
            coordinator | worker-N joined
            coordinator | worker-N lost: REASON
            worker-N crashed (exit code #): restarting it
            worker-N | data set DATA
            worker-N | ADDRESS: the run was stopped with a checkpoint and may be resumed; waiting for a coordinator for up to # s (--give-up-after)
            worker-N | works for the coordinator at ADDRESS with # worker (term #)
            """).Order(StringComparer.Ordinal)),
            string.Join('\n', about.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_node_with_another_secret_and_one_that_joins_by_another_name()
    {
        File.WriteAllText(_cluster.Directory["right"], new string('a', 32));
        File.WriteAllText(_cluster.Directory["wrong"], new string('b', 32));
        NnClusterProcess coordinator = _cluster.Coordinator(["--cookie-file", _cluster.Directory["right"], "--min-workers", "1"], epochs: SmallCluster.Endless);
        ProcessResult refused = _cluster.Worker("stranger", ["--cookie-file", _cluster.Directory["wrong"]]).Wait();
        Assert.Equal(3, refused.ExitCode);
        AssertLines(refused.Error, "stranger: refused by ADDRESS: the cookies differ: both sides need the same (--cookie-file)");

        ProcessResult astray = _cluster.Worker(
            "astray", ["--cookie-file", _cluster.Directory["right"], "--give-up-after", "15s"], join: $"localhost:{_cluster.Port}").Wait();
        Assert.Equal(4, astray.ExitCode);
        AssertLines(
            astray.Error,
            """
            astray: ADDRESS: ADDRESS does not answer as a coordinator: join the name or address that the coordinator logs (another one of the same machine is ignored), with the same --tls options; waiting for a coordinator for up to # s (--give-up-after)
            astray: no coordinator at ADDRESS for # s (--give-up-after): giving up
            """);
        coordinator.Signal(PosixSignal.SIGTERM);
        ProcessResult result = coordinator.Wait();
        Assert.DoesNotContain("warning", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("akka", result.Error, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Compares the distinct lines of nodes, and all lines of the coordinator.</summary>
    private static void AssertLines(string log, string expected)
    {
        string[] lines = Normalised(log);
        string[] coordinator = [.. lines.Where(line => line.StartsWith("coordinator", StringComparison.Ordinal))];
        Assert.Equal(string.Join('\n', Lines(expected).Where(line => line.StartsWith("coordinator", StringComparison.Ordinal))), string.Join('\n', coordinator));
        Assert.Equal(
            string.Join('\n', Lines(expected).Except(coordinator).Order(StringComparer.Ordinal)),
            string.Join('\n', lines.Except(coordinator).Distinct().Order(StringComparer.Ordinal)));
    }

    private static string[] Lines(string text) => text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // A node may be up before its coordinator listens: then it says so, once. On a busy machine any worker may be slow.
    private static string[] Normalised(string log) =>
    [
        .. Lines(log).Where(line => !line.Contains("no coordinator at 127.0.0.1:", StringComparison.Ordinal) || line.EndsWith("giving up", StringComparison.Ordinal))
            .Where(line => !line.Contains("reassigned", StringComparison.Ordinal))
            .Select(line => Speed().Replace(line, ""))
            .Select(line => Places().Replace(line, "$1RUN"))
            .Select(line => Dataset().Replace(line, "data set DATA"))
            .Select(line => Address().Replace(line, "ADDRESS"))
            .Select(line => Worker().Replace(line, "worker-N"))
            .Select(line => Padding().Replace(line, " | "))
            .Select(line => Loss().Replace(line, "lost: REASON"))
            .Select(line => Number().Replace(line, "#")),
    ];

    [GeneratedRegex(@"  [\d,]+ rows/s")]
    private static partial Regex Speed();

    [GeneratedRegex("(run directory: |--resume ).*")]
    private static partial Regex Places();

    [GeneratedRegex("lost: .*")]
    private static partial Regex Loss();

    [GeneratedRegex("data set .*")]
    private static partial Regex Dataset();

    [GeneratedRegex(@"(127\.0\.0\.1|localhost):\d+")]
    private static partial Regex Address();

    [GeneratedRegex(@"worker-\d(\.\d)?")]
    private static partial Regex Worker();

    [GeneratedRegex(@" +\| ")]
    private static partial Regex Padding();

    [GeneratedRegex(@"(?<![\w-])\d[\d,.]*\d|(?<![\w-])\d|(?<=run-)\d")]
    private static partial Regex Number();
}
