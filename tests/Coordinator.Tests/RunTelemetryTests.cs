using System.Diagnostics;
using System.Diagnostics.Metrics;
using NnCluster.Telemetry;
using NnCluster.Training;

namespace NnCluster.Coordinator.Tests;

/// <summary>Values of the instruments after the events of a run.</summary>
public sealed class RunTelemetryTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    // Other tests of this process train too: the values of this test's thread alone count.
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Dictionary<string, double> _values = [];
    private readonly List<Activity> _spans = [];
    private readonly MeterListener _listener = new();
    private readonly ActivityListener _activities;
    private readonly RunTelemetry _telemetry = new(minibatchRows: 100, Start);

    public RunTelemetryTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RunMeter.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        _activities = new()
        {
            ShouldListenTo = source => source.Name == RunMeter.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) =>
                Environment.CurrentManagedThreadId == _thread ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _spans.Add,
        };
        ActivitySource.AddActivityListener(_activities);
    }

    public void Dispose()
    {
        _activities.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public void Every_event_is_in_the_instruments()
    {
        Observe(
            new RunStarted("mine", "00ff", 2, 10, 500, 40, 4, 100, 8, "simd", 1),
            new ParticipantJoined("a.1"),
            new ParticipantJoined("b.1"),
            new FirstStepTaken(11),
            new StepCompleted(11, 1.1, 0.5f, 0.75f, 0.01f, 2, 0.25) { Phases = new(0.01, 0.02, 0.1, 0.03, 0.04, 0.02, 0.03) },
            new StepCompleted(12, 1.2, 0.25f, 0.5f, 0.02f, 3, 0.5) { Phases = new(0.01, 0.02, 0.3, 0.03, 0.04, 0.05, 0.05) },
            new ParticipantProgress("a.1", 12, 150) { ComputeSeconds = 0.375 },
            new ShardsReassigned(13, 5, "b.1", ReassignCause.TimedOut, "late"),
            new ParticipantLost("b.1", LossCause.LinkClosed, "gone"),
            new CheckpointWritten(12, "/x") { Seconds = 0.125 },
            new CheckpointFailed(13, "full"),
            new EpochCompleted(2, 20, 0.5f, 0.625f, new(0.25, 0.875, 10), new(0.125, 0.9375, 10), null, 1),
            new RunPaused(1, 2));
        Assert.Equal(
            new Dictionary<string, double>
            {
                ["run.info blas=simd run=mine run_id=00ff term=2"] = 1,
                ["run.steps"] = 40,
                ["step"] = 12,
                ["epoch"] = 1.2,
                ["rows"] = 200,
                ["step.duration"] = 0.75,
                ["learning_rate"] = 0.02f,
                ["gradient_norm"] = 3,
                ["participants"] = 1,
                ["step.phase phase=assign"] = 0.02,
                ["step.phase phase=broadcast"] = 0.04,
                ["step.phase phase=compute"] = 0.4,
                ["step.phase phase=receive"] = 0.06,
                ["step.phase phase=wait"] = 0.08,
                ["step.phase phase=reduce"] = 0.07,
                ["step.phase phase=optimizer"] = 0.08,
                ["loss rows=minibatch"] = 0.25,
                ["loss rows=train"] = 0.5,
                ["loss rows=test"] = 0.25,
                ["loss rows=validation"] = 0.125,
                ["accuracy rows=minibatch"] = 0.5,
                ["accuracy rows=train"] = 0.625,
                ["accuracy rows=test"] = 0.875,
                ["accuracy rows=validation"] = 0.9375,
                ["participants.lost cause=link_closed"] = 1,
                ["shards.reassigned cause=timed_out"] = 5,
                ["participant.shards participant=a.1"] = 12,
                ["participant.rows participant=a.1"] = 150,
                ["participant.busy participant=a.1"] = 0.375,
                ["checkpoint.step"] = 12,
                ["checkpoint.duration"] = 0.125,
                ["checkpoint.failures"] = 1,
                ["run.state state=paused"] = 1,
            }.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => (entry.Key, Math.Round(entry.Value, 9))),
            Values());
    }

    [Fact]
    public void A_regression_has_no_accuracy_and_each_end_its_state()
    {
        Observe(new StepCompleted(1, 0.1, 0.5f, float.NaN, 0.01f, 2, 0.25), new RunEnded(RunOutcomeKind.Interrupted, 1, null));
        Assert.DoesNotContain(Values(), value => value.Key.StartsWith("accuracy", StringComparison.Ordinal));
        Assert.Contains(("run.state state=interrupted", 1.0), Values());
    }

    [Fact]
    public void Epochs_and_checkpoints_are_spans_of_the_run()
    {
        Observe(
            new RunStarted("mine", "00ff", 1, null, 500, 40, 4, 100, 8, "simd", 1),
            new EpochCompleted(1, 10, 0.5f, 0.625f, new(0.25, 0.875, 10), null, null, 1) { At = TimeSpan.FromSeconds(4) },
            new CheckpointWritten(10, "/x") { Seconds = 0.5, At = TimeSpan.FromSeconds(5) },
            new EpochCompleted(2, 20, 0.5f, 0.625f, new(0.25, 0.875, 10), null, null, 1) { At = TimeSpan.FromSeconds(9) },
            new RunEnded(RunOutcomeKind.Completed, 20, null) { At = TimeSpan.FromSeconds(10) });
        Assert.Equal(
            [("epoch", 0.0, 4.0), ("checkpoint", 4.5, 0.5), ("epoch", 4, 5), ("run", 0, 10)],
            _spans.Select(span => (span.OperationName, (span.StartTimeUtc - Start.UtcDateTime).TotalSeconds, span.Duration.TotalSeconds)));
        Assert.All(_spans.SkipLast(1), span => Assert.Equal(_spans[^1].SpanId, span.ParentSpanId));
    }

    private void Observe(params RunEvent[] events) => Array.ForEach(events, _telemetry.Observe);

    private IEnumerable<(string Key, double Value)> Values() => _values.Where(entry => entry.Value != 0)
        .OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => (entry.Key, Math.Round(entry.Value, 9)));

    // Gauges keep the last value, counters and histograms their sum.
    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            return;
        }

        string key = string.Join(' ', [instrument.Name["nncluster.".Length..], .. tags.ToArray().OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}")]);
        bool isGauge = instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal);
        _values[key] = isGauge ? value : _values.GetValueOrDefault(key) + value;
    }
}
