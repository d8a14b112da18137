using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator.Tests;

public sealed class RunHealthTests
{
    private readonly HealthState _state = new(new ManualTime());
    private readonly RunHealth _health;

    public RunHealthTests()
    {
        _health = new(_state);
        _health.Observe(new RunStarted("run", "", 1, null, 10, 500, 5, 100, 4, "simd", 1));
    }

    [Fact]
    public void A_run_waits_until_its_first_step_and_whenever_it_pauses()
    {
        Assert.StartsWith("starting", _state.Report.State, StringComparison.Ordinal);
        _health.Begin(40, needed: 2);
        Assert.Equal("waiting at step 40 of 500: 0 workers of 2", _state.Report.State);
        _health.Observe(new ParticipantJoined("a"));
        _health.Observe(new ParticipantJoined("b"));
        _health.Observe(new StepCompleted(41, 0.4, 1, 0.5f, 0.1f, 1, 0.01));
        Assert.Equal("training step 41 of 500, 2 workers", _state.Report.State);
        _health.Observe(new ParticipantLost("b", LossCause.Left, "gone"));
        _health.Observe(new RunPaused(1, 2));
        Assert.Equal("waiting at step 41 of 500: 1 worker of 2", _state.Report.State);
        _health.Observe(new RunContinued(2));
        Assert.StartsWith("training", _state.Report.State, StringComparison.Ordinal);
    }
}
