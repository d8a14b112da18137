using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Simulation;

public sealed class SimulationTests
{
    private const int Mixed = 20_000;
    private const int EachKind = 250;

    public static TheoryData<string> Kinds => [.. Enum.GetNames<SimulatedFaultKind>()];

    [Fact]
    public void Any_mixture_of_faults_costs_time_but_no_shard_no_step_and_no_bit() =>
        CheckAll(Mixed, Scenario.FromSeed);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_fault_alone_costs_time_but_no_shard_no_step_and_no_bit(string kind) =>
        CheckAll(EachKind, seed => Scenario.FromSeed(seed, Enum.Parse<SimulatedFaultKind>(kind)));

    [Theory]
    [InlineData(nameof(SimulatedFaultKind.Join))]
    [InlineData(nameof(SimulatedFaultKind.Flap))]
    [InlineData(nameof(SimulatedFaultKind.Blackout))]
    public void A_fault_at_every_step_costs_time_but_no_shard_no_step_and_no_bit(string name) =>
        CheckAll(EachKind, seed =>
        {
            SimulatedFaultKind kind = Enum.Parse<SimulatedFaultKind>(name);
            Scenario scenario = Scenario.FromSeed(seed, kind);
            TimeSpan step = SimulatedRun.RunOnce(scenario.Undisturbed).Elapsed / scenario.Settings.TotalSteps;
            return scenario with
            {
                Name = $"{scenario.Name} at every step",
                Faults = [.. Enumerable.Range(0, (int)scenario.Settings.TotalSteps).Select(number => new Fault(step * number, kind, number % scenario.Cluster.Workers, step / 2, 2))],
            };
        });

    [Theory]
    [InlineData(3)]
    [InlineData(1234)]
    public void The_same_seed_gives_the_same_history(int seed)
    {
        IReadOnlyList<string> first = SimulatedRun.Trace(Scenario.FromSeed(seed));
        Assert.True(first.Count > 10);
        Assert.Equal(first, SimulatedRun.Trace(Scenario.FromSeed(seed)));
    }

    // Reports the first failure in full and counts the others.
    private static void CheckAll(int seeds, Func<int, Scenario> scenario)
    {
        var failures = new SortedDictionary<int, string>();
        Parallel.For(0, seeds, seed =>
        {
            try
            {
                SimulatedRun.Run(scenario(seed));
            }
            catch (SimulationFailedException e)
            {
                lock (failures)
                {
                    failures[seed] = e.Message;
                }
            }
        });
        Assert.True(failures.Count == 0, $"{failures.Count} of {seeds} fail. {failures.Values.FirstOrDefault()}");
    }
}
