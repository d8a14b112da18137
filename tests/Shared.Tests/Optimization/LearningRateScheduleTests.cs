using CsCheck;
using NnCluster.Memory;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

public class LearningRateScheduleTests
{
    [Fact]
    public void Rates_stay_between_zero_and_the_peak() =>
        Gen.Select(Gen.Enum<ScheduleKind>(), Gen.Long[1, 10_000], Gen.Long[1, 20_000])
            .Sample((kind, total, step) => new LearningRateSchedule(kind, 0.1, total).At(step) is > 0 and <= 0.1);

    [Theory]
    [InlineData(ScheduleKind.Step)]
    [InlineData(ScheduleKind.Cosine)]
    [InlineData(ScheduleKind.OneCycle)]
    public void Steps_after_the_last_keep_its_rate(ScheduleKind kind)
    {
        LearningRateSchedule schedule = new(kind, 0.1, 50);
        Assert.Equal(schedule.At(50), schedule.At(51));
        Assert.Equal(schedule.At(50), schedule.At(5000));
    }

    [Fact]
    public void Steps_count_from_one() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LearningRateSchedule(ScheduleKind.Constant, 0.1, 10).At(0));
}
