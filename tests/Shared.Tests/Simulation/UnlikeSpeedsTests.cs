using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Simulation;

/// <summary>Workers of different speeds on the virtual clock: the time of a step follows the sum of their speeds.</summary>
public sealed class UnlikeSpeedsTests
{
    private const int Steps = 400;
    private const int Rows = 6400;
    private const double RowsPerSecond = 100_000;

    public static TheoryData<double[]> Speeds => [[1, 0.5], [1, 1, 0.5], [1, 0.25, 0.25, 0.25], [1, 0.1], [2, 1, 0.5, 0.25]];

    [Theory]
    [MemberData(nameof(Speeds))]
    public void A_step_takes_what_the_sum_of_the_speeds_allows_and_not_what_the_slowest_needs(double[] speeds)
    {
        SimulationResult result = SimulatedRun.RunOnce(ScenarioOf(speeds, []));
        double step = result.TrainTime.TotalSeconds / Steps;
        double together = Rows / (RowsPerSecond * speeds.Sum());
        double evenly = Rows / (RowsPerSecond * speeds.Length * speeds.Min());
        Assert.InRange(step, together, 1.08 * together);
        Assert.True(step < 0.85 * evenly, $"{step} s a step, {evenly} s if all got the same");
    }

    [Fact]
    public void Measured_speeds_are_the_speeds()
    {
        SimulationResult result = SimulatedRun.RunOnce(ScenarioOf([1, 0.5], []));
        ImmutableDictionary<ParticipantId, double> cut = result.Final.PartitionSpeeds;
        Assert.Equal(2, cut[new("worker-1.1")] / cut[new("worker-2.1")], 0.1);
    }

    [Fact]
    public void A_worker_that_becomes_slow_on_the_way_gets_fewer_shards_from_then_on()
    {
        double together = Rows / (RowsPerSecond * 2);
        var slow = new Fault(TimeSpan.FromSeconds(Steps / 2 * together), SimulatedFaultKind.Slow, 1, TimeSpan.FromHours(1), 3);
        SimulationResult result = SimulatedRun.RunOnce(ScenarioOf([1, 1], [slow]));
        double after = (result.TrainTime.TotalSeconds / (Steps / 2)) - together;
        double ideal = Rows / (RowsPerSecond * (1 + (1 / 3.0)));
        Assert.InRange(after, ideal, 1.15 * ideal);
    }

    private static Scenario ScenarioOf(double[] speeds, Fault[] faults) => new()
    {
        Name = $"speeds {string.Join(' ', speeds)}",
        Seed = 7,
        Settings = new() { TotalSteps = Steps, EpochEnds = [Steps], Trees = new(new(64, Rows), new(1, 1)), MinWorkers = speeds.Length },
        Cluster = new()
        {
            Workers = speeds.Length,
            RowsPerSecond = RowsPerSecond,
            RelativeSpeeds = [.. speeds],
            Latency = TimeSpan.FromMicroseconds(20),
            WeightBytes = 1000,
            GradientBytes = 1000,
        },
        Faults = [.. faults],
    };
}
