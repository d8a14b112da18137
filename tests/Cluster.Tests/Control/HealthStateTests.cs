using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Control;

/// <summary>When a main loop counts as hung.</summary>
public sealed class HealthStateTests
{
    private readonly SteppedTime _time = new();

    [Fact]
    public void A_program_that_starts_is_alive_and_not_ready_however_long_it_takes()
    {
        var state = new HealthState(_time);
        _time.Now += HealthState.Timeout * 10;
        Assert.Equal(new HealthReport(true, false, "starting"), state.Report);
    }

    [Fact]
    public void Silence_beyond_the_patience_is_death_and_a_beat_is_life_again()
    {
        var state = new HealthState(_time);
        state.SetStatus(true, "waiting");
        state.Heartbeat();
        _time.Now += HealthState.Timeout;
        Assert.Equal(new HealthReport(true, true, "waiting"), state.Report);
        _time.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(new HealthReport(false, false, "no heartbeat from the main loop for 61 s"), state.Report);
        state.Heartbeat();
        Assert.Equal(new HealthReport(true, true, "waiting"), state.Report);
    }

    [Fact]
    public void At_rest_silence_is_allowed()
    {
        var state = new HealthState(_time);
        state.SetStatus(true, "training");
        state.Heartbeat();
        state.SetIdle("writing files");
        _time.Now += HealthState.Timeout * 10;
        Assert.Equal(new HealthReport(true, false, "writing files"), state.Report);
    }

    private sealed class SteppedTime : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromDays(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
