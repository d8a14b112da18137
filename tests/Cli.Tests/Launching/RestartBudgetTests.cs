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

namespace NnCluster.Cli.Tests.Launching;

public sealed class RestartBudgetTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void The_first_restart_is_at_once_and_the_pauses_before_the_others_double_up_to_a_minute()
    {
        var budget = new RestartBudget(9, TimeSpan.FromSeconds(2), _time);

        Assert.Equal([0, 2, 4, 8, 16, 32, 60, 60, 60, null], Take(budget, 10));
    }

    [Fact]
    public void After_an_hour_a_restart_is_had_again_and_the_pauses_begin_anew()
    {
        var budget = new RestartBudget(2, TimeSpan.FromSeconds(2), _time);
        Assert.Equal([0], Take(budget, 1));
        _time.Advance(TimeSpan.FromMinutes(40));
        Assert.Equal([2, null], Take(budget, 2));
        _time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal([null], Take(budget, 1));

        // The first of the two is over an hour old now, the second is not.
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([2, null], Take(budget, 2));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal([0, 2, null], Take(budget, 3));
    }

    [Fact]
    public void Without_a_pause_every_restart_is_at_once()
    {
        var budget = new RestartBudget(int.MaxValue, TimeSpan.Zero, _time);

        Assert.All(Take(budget, 2000), seconds => Assert.Equal(0, seconds));
    }

    [Fact]
    public void Where_none_is_allowed_there_is_none() => Assert.Equal([null], Take(new(0, TimeSpan.FromSeconds(2), _time), 1));

    private static double?[] Take(RestartBudget budget, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => budget.TryTake()?.TotalSeconds)];
}
