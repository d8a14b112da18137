using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace NnCluster.Telemetry;

/// <summary>
/// The instruments of a process that trains, coordinator or node; docs/observe.md says what each value means. An instrument
/// without a listener costs nothing.
/// </summary>
internal static class RunMeter
{
    /// <summary>Name of the meter and of the source of activities.</summary>
    public const string Name = "NnCluster";

    private static readonly Meter Meter = new(Name, typeof(RunMeter).Assembly.GetName().Version?.ToString(3));

    // From half a millisecond to 10 s; the steps of small networks on one machine take about one millisecond.
    private static readonly double[] StepBounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    private static readonly double[] FileBounds = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60];

    /// <summary>Spans of a run, its epochs and its checkpoints.</summary>
    public static readonly ActivitySource Activities = new(Name);

    /// <summary>Always 1; its tags name the run: <c>run</c>, <c>run_id</c>, <c>term</c>, <c>blas</c>.</summary>
    public static readonly Gauge<int> Info = Meter.CreateGauge<int>("nncluster.run.info", description: "Always 1; the labels name the run.");

    /// <summary>State of the run, by tag <c>state</c>: 1 for the present one of waiting, training, paused, completed, interrupted, failed.</summary>
    public static readonly Gauge<int> State = Meter.CreateGauge<int>("nncluster.run.state", description: "1 for the present state of the run, 0 for the others.");

    /// <summary>Optimizer steps of the whole run.</summary>
    public static readonly Gauge<long> PlannedSteps = Meter.CreateGauge<long>("nncluster.run.steps", description: "Optimizer steps of the whole run.");

    /// <summary>Optimizer steps taken, in all terms.</summary>
    public static readonly Gauge<long> Step = Meter.CreateGauge<long>("nncluster.step", description: "Optimizer steps taken, in all terms.");

    /// <summary>Epochs trained, with their fraction.</summary>
    public static readonly Gauge<double> Epoch = Meter.CreateGauge<double>("nncluster.epoch", description: "Epochs trained, with their fraction.");

    /// <summary>Rows trained on in this process.</summary>
    public static readonly Counter<long> Rows = Meter.CreateCounter<long>("nncluster.rows", description: "Rows trained on by this coordinator.");

    /// <summary>Duration of a step.</summary>
    public static readonly Histogram<double> StepDuration = Meter.CreateHistogram(
        "nncluster.step.duration", "s", "Time from the first assignment of a step to its end.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = StepBounds });

    /// <summary>Time of the steps by tag <c>phase</c>.</summary>
    public static readonly Counter<double> Phases = Meter.CreateCounter<double>(
        "nncluster.step.phase", "s", "Time of the steps by phase; the phases add up to the duration of the steps.");

    /// <summary>Mean loss by tag <c>rows</c>: <c>minibatch</c>, <c>train</c> (mean of the minibatches since the last evaluation), <c>test</c>, <c>validation</c>.</summary>
    public static readonly Gauge<double> Loss = Meter.CreateGauge<double>("nncluster.loss", description: "Mean loss of the last minibatch, or at the last evaluation.");

    /// <summary>Accuracy in [0, 1] by tag <c>rows</c>, as of <see cref="Loss"/>; classification only.</summary>
    public static readonly Gauge<double> Accuracy = Meter.CreateGauge<double>("nncluster.accuracy", description: "Accuracy on the last minibatch, or at the last evaluation, 0 to 1.");

    /// <summary>Learning rate of the last step.</summary>
    public static readonly Gauge<double> LearningRate = Meter.CreateGauge<double>("nncluster.learning_rate", description: "Learning rate of the last step.");

    /// <summary>2-norm of the mean gradient of the last step, before clipping.</summary>
    public static readonly Gauge<double> GradientNorm = Meter.CreateGauge<double>("nncluster.gradient_norm", description: "2-norm of the mean gradient of the last step, before clipping.");

    /// <summary>Participants present: workers of the coordinator's process, and nodes.</summary>
    public static readonly Gauge<int> Participants = Meter.CreateGauge<int>("nncluster.participants", description: "Local workers and nodes that are present.");

    /// <summary>Participants lost, by tag <c>cause</c>.</summary>
    public static readonly Counter<long> Lost = Meter.CreateCounter<long>("nncluster.participants.lost", description: "Local workers and nodes that were lost.");

    /// <summary>Shards reassigned, by tag <c>cause</c>: lost, failed, timed_out, or straggler, a speculative copy.</summary>
    public static readonly Counter<long> Reassigned = Meter.CreateCounter<long>("nncluster.shards.reassigned", description: "Shards assigned again, or to others as well.");

    /// <summary>Shards whose sums were used, by tag <c>participant</c>.</summary>
    public static readonly Counter<long> ParticipantShards = Meter.CreateCounter<long>("nncluster.participant.shards", description: "Shards whose sums were used.");

    /// <summary>Rows of those shards, by tag <c>participant</c>.</summary>
    public static readonly Counter<long> ParticipantRows = Meter.CreateCounter<long>("nncluster.participant.rows", description: "Rows of the shards whose sums were used, evaluations included.");

    /// <summary>Time that a participant computed on them, by tag <c>participant</c>.</summary>
    public static readonly Counter<double> ParticipantBusy = Meter.CreateCounter<double>("nncluster.participant.busy", "s", "Time computed on the shards whose sums were used.");

    /// <summary>Duration of writing a checkpoint.</summary>
    public static readonly Histogram<double> CheckpointDuration = Meter.CreateHistogram(
        "nncluster.checkpoint.duration", "s", "Time of writing a checkpoint.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = FileBounds });

    /// <summary>Step of the newest checkpoint.</summary>
    public static readonly Gauge<long> CheckpointStep = Meter.CreateGauge<long>("nncluster.checkpoint.step", description: "Step of the newest checkpoint on disk.");

    /// <summary>Checkpoints that could not be written.</summary>
    public static readonly Counter<long> CheckpointFailures = Meter.CreateCounter<long>("nncluster.checkpoint.failures", description: "Checkpoints that could not be written.");

    /// <summary>Bytes of a data link by tags <c>peer</c> and <c>direction</c>, sent or received.</summary>
    public static readonly Counter<long> LinkBytes = Meter.CreateCounter<long>("nncluster.link.traffic", "By", "Bytes of a data link, frame headers included; shared memory moves none.");

    /// <summary>Round trip of a ping of a data link by tag <c>peer</c>.</summary>
    public static readonly Gauge<double> LinkRoundTrip = Meter.CreateGauge<double>("nncluster.link.round_trip", "s", "Time from the last ping of a data link to its answer.");

    /// <summary>Time that a node computed.</summary>
    public static readonly Counter<double> NodeBusy = Meter.CreateCounter<double>("nncluster.node.busy", "s", "Time that this node computed on the sums that it sent.");

    /// <summary>Sums that a node sent.</summary>
    public static readonly Counter<long> NodeSums = Meter.CreateCounter<long>("nncluster.node.sums", description: "Sums of subtrees that this node sent.");
}
