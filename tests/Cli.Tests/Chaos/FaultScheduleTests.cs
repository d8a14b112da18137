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

public sealed class FaultScheduleTests
{
    private static readonly ChaosFault[] All = Enum.GetValues<ChaosFault>();

    [Fact]
    public void The_same_seed_gives_the_same_faults_whatever_is_asked_first()
    {
        var forwards = new FaultSchedule(3, All, 4);
        var backwards = new FaultSchedule(3, All, 4);
        PlannedFault[] last = [.. Enumerable.Range(0, 60).Reverse().Select(number => backwards[number])];
        Assert.Equal(Enumerable.Range(0, 60).Select(number => forwards[number]), last.Reverse());
    }

    [Fact]
    public void Another_seed_gives_other_faults() =>
        Assert.NotEqual(Enumerable.Range(0, 20).Select(number => new FaultSchedule(1, All, 4)[number]), Enumerable.Range(0, 20).Select(number => new FaultSchedule(2, All, 4)[number]));

    [Fact]
    public void Every_kind_occurs_once_in_each_round_and_every_worker_is_hit()
    {
        var schedule = new FaultSchedule(11, All, 3);
        for (int round = 0; round < 20; round++)
        {
            Assert.Equal(All, Enumerable.Range(round * All.Length, All.Length).Select(number => schedule[number].Kind).Order());
        }

        Assert.Equal([0, 1, 2], Enumerable.Range(0, 60).Select(number => schedule[number].Node).Distinct().Order());
        Assert.True(Enumerable.Range(0, 20).Select(round => schedule[round * All.Length].Kind).Distinct().Count() > 1, "every round begins with the same kind");
    }

    [Fact]
    public void Some_pauses_and_partitions_outlast_the_failure_detectors_and_most_do_not()
    {
        var schedule = new FaultSchedule(5, All, 3);
        PlannedFault[] faults = [.. Enumerable.Range(0, 2000).Select(number => schedule[number])];
        foreach ((ChaosFault kind, double seconds) in new[] { (ChaosFault.Pause, 5.0), (ChaosFault.Partition, 10.0) })
        {
            PlannedFault[] some = [.. faults.Where(fault => fault.Kind == kind)];
            double share = some.Count(fault => fault.Length.TotalSeconds > seconds) / (double)some.Length;
            Assert.InRange(share, 0.06, 0.2);
        }

        Assert.All(faults, fault => Assert.Equal(fault.Kind is ChaosFault.Kill or ChaosFault.Corrupt or ChaosFault.Coordinator, fault.Length == TimeSpan.Zero));
    }
}
