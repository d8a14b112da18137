using CsCheck;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Coordinator.Tests;

/// <summary>The division of a step's time into phases.</summary>
public sealed class StepClockTests
{
    private static readonly Gen<TimeSpan> AnyTime = Gen.Int[-1000, 100_000].Select(microseconds => TimeSpan.FromMicroseconds(microseconds));

    [Fact]
    public void The_participant_of_the_last_sum_decides()
    {
        var clock = new StepClock();
        clock.AddAssignment(Milliseconds(1));
        clock.AddSum(Sum("fast", 5, 0, 0));
        clock.AddSum(Sum("slow", 10, 3, 2));
        clock.AddSum(Sum("fast", 6, 0, 0));
        clock.AddSum(Sum("slow", 20, 3, 2));
        AssertPhases([1, 3, 30, 4, 51, 7, 4], clock.End(Milliseconds(100), Milliseconds(7), Milliseconds(4)));

        // The next step begins with nothing.
        AssertPhases([0, 0, 0, 0, 9, 1, 0], clock.End(Milliseconds(10), Milliseconds(1), TimeSpan.Zero));
    }

    [Fact]
    public void An_abandoned_step_leaves_nothing()
    {
        var clock = new StepClock();
        clock.AddAssignment(Milliseconds(1));
        clock.AddSum(Sum("a", 5, 1, 1));
        clock.Clear();
        AssertPhases([0, 0, 0, 0, 10, 0, 0], clock.End(Milliseconds(10), TimeSpan.Zero, TimeSpan.Zero));
    }

    [Fact]
    public void The_phases_are_never_negative_and_add_up_to_the_step() =>
        Gen.Select(AnyTime, AnyTime, AnyTime, AnyTime, AnyTime.Array[7]).Sample((step, reducing, updating, assigning, times) =>
        {
            TimeSpan length = step < TimeSpan.Zero ? -step : step;
            var clock = new StepClock();
            clock.AddAssignment(assigning);
            clock.AddSum(new(new("a"), new(0, RoundKind.Gradient), new(1), null!) { ComputeTime = times[0], BroadcastTime = times[1], ReceiveTime = times[2] });
            clock.AddSum(new(new("b"), new(0, RoundKind.Gradient), new(1), null!) { ComputeTime = times[3], BroadcastTime = times[4], ReceiveTime = times[5] });
            double[] phases = [.. clock.End(length, reducing, updating).ByName.Select(phase => phase.Value)];
            Assert.All(phases, phase => Assert.True(phase >= 0, $"{phase}"));
            Assert.Equal(length.TotalSeconds, phases.Sum(), 9);
        });

    private static void AssertPhases(double[] milliseconds, StepPhases phases) =>
        Assert.Equal(milliseconds, phases.ByName.Select(phase => Math.Round(phase.Value * 1000, 6)));

    private static SubtreeComputed Sum(string participant, double computing, double broadcast, double receive) =>
        new(new(participant), new(0, RoundKind.Gradient), new(1), null!)
        {
            ComputeTime = Milliseconds(computing),
            BroadcastTime = Milliseconds(broadcast),
            ReceiveTime = Milliseconds(receive),
        };

    private static TimeSpan Milliseconds(double number) => TimeSpan.FromMilliseconds(number);
}
