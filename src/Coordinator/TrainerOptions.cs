using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster;

/// <summary>
/// Workers, files and observation of a training run. The bits after a step depend on <see cref="Backend"/> alone;
/// <see cref="TargetAccuracy"/>, at the evaluations of <see cref="EvaluateEvery"/>, and <see cref="StopAfter"/> decide after which step
/// the run ends.
/// </summary>
public sealed record TrainerOptions
{
    /// <summary>
    /// Number of workers in this process, each with a thread; null: one for each processor, or none with <see cref="Cluster"/>.
    /// </summary>
    public int? Workers { get; init; }

    /// <summary>Backend of matrix products: <c>simd</c>, <c>openblas</c> or <c>mathnet</c>. Backends differ in their arithmetic.</summary>
    public string Backend { get; init; } = "simd";

    /// <summary>Options of a cluster, whose nodes take part; null: only this process computes.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>
    /// Directory for metrics, events, checkpoints, model and summary; it must not hold a run. Null: the run writes no file, and
    /// cannot be resumed.
    /// </summary>
    public string? RunDirectory { get; init; }

    /// <summary>
    /// Steps between checkpoints; null: at the end of an epoch unless writing took over 2 % of the time, at least every 10 s.
    /// </summary>
    public long? CheckpointEvery { get; init; }

    /// <summary>
    /// Epochs between evaluations; the last epoch is always evaluated. A resumed run that selects its
    /// best state or stops early keeps the value that it began with.
    /// </summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>Accuracy at which training stops, on the validation rows if there are any, else on the test rows; null: none.</summary>
    public double? TargetAccuracy { get; init; }

    /// <summary>Number of the step of the whole run, from 1, after which the run ends as if interrupted; null: the last step.</summary>
    public long? StopAfter { get; init; }

    /// <summary>
    /// Receives every event of the run, in order, from threads of the run. <see cref="Progress{T}"/> posts the calls to the context in
    /// which it was created; without one they may arrive out of order.
    /// </summary>
    public IProgress<RunEvent>? Progress { get; init; }

    /// <summary>Receives log lines, from any thread; null: none.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Draws the learning curves from the run's name and history into a file; null: none are drawn.</summary>
    internal Action<string, RunHistory, string>? DrawCurves { get; init; }

    /// <summary>Clock of the run.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
