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

namespace NnCluster.Cli.Tests.Chaos;

public sealed class UseSamplesTests
{
    [Fact]
    public void Growth_compares_the_medians_of_the_first_and_the_last_fifth()
    {
        var samples = new UseSamples();
        foreach (int i in Enumerable.Range(0, 20))
        {
            // One sample of each fifth is out of line and must not count.
            samples.Add("worker", new(i is 1 or 18 ? 9_000 : 100 + i, 10, 20 - (i / 10)));
        }

        samples.Add("coordinator", new(1, 1, 1));
        UseGrowth growth = Assert.Single(samples.Growth()).Value;
        Assert.Equal(new(103, 10, 20), growth.Start);
        Assert.Equal(new(119, 10, 19), growth.End);
    }

    [Fact]
    public void A_process_that_runs_has_memory_threads_and_handles_and_one_that_does_not_has_none()
    {
        ProcessUse use = ProcessUse.Of(Environment.ProcessId)!.Value;
        Assert.True(use is { Memory: > 10_000_000, Threads: > 1, Handles: > 2 }, use.ToString());
        Assert.Null(ProcessUse.Of(int.MaxValue));
    }
}
