using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Workers that come, go and come back change no bit and lose no step.</summary>
public sealed class ComingAndGoingTests : IDisposable
{
    private readonly SmallCluster _cluster = new();

    [Fact]
    public void All_workers_gone_and_back()
    {
        NnClusterProcess coordinator = _cluster.Coordinator([], epochs: SmallCluster.Long);
        NnClusterProcess[] first = [_cluster.Worker("a"), _cluster.Worker("b")];
        coordinator.Follow.WaitForJoin();
        coordinator.Follow.WaitForJoin();
        coordinator.Follow.WaitForEpoch(1);
        Array.ForEach(first, worker => NnClusterProcess.Signal(worker.Id, SmallCluster.SigKill));
        coordinator.Follow.WaitForPause(0, 1);
        NnClusterProcess[] second = [_cluster.Worker("a"), _cluster.Worker("b")];
        coordinator.Follow.WaitForContinuation(1);
        ProcessResult result = SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, second);
        Assert.Equal("2", result.Field("workersLost"));
        AssertEveryStepOnce(result);
    }

    [Fact]
    public void A_worker_that_flaps()
    {
        NnClusterProcess launch = _cluster.Launch(["--workers", "2", "--max-restarts", "10", "--min-workers", "2"], epochs: SmallCluster.Long);
        // While it is away the run waits for it, so that it cannot be over before.
        for (int life = 1; life <= 3; life++)
        {
            launch.Follow.WaitForJoin($"worker-1.{life}");
            int flapping = SmallCluster.ChildrenOf(launch.Id).First(child => SmallCluster.CommandLineOf(child).Contains("--name worker-1", StringComparison.Ordinal));
            NnClusterProcess.Signal(flapping, SmallCluster.SigKill);
        }

        ProcessResult result = SmallCluster.AssertSameBits(launch, SmallCluster.Long);
        Assert.Equal("3", result.Field("workersLost"));
        AssertEveryStepOnce(result);
    }

    [Fact]
    public void Many_that_join_while_the_run_goes_on()
    {
        NnClusterProcess coordinator = _cluster.Coordinator([], epochs: SmallCluster.Endless);
        for (int joined = 0; joined < 6; joined++)
        {
            _cluster.Worker($"worker-{joined}");
            coordinator.Follow.WaitForJoin();
        }

        coordinator.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
        AssertEveryStepOnce(SmallCluster.AssertSameBitsUpToTheStop(coordinator));
    }

    public void Dispose() => _cluster.Dispose();

    private static void AssertEveryStepOnce(ProcessResult result)
    {
        string metrics = new RunPaths(result.Field("runDirectory")).Metrics;
        Assert.Null(StepSequence.Check(metrics, long.Parse(result.Field("steps"), null)));
    }
}
