using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster;

/// <summary>
/// Trains neural networks on the workers of this process and, with <see cref="TrainerOptions.Cluster"/>, of nodes that join.
/// The weights have the same bits on any number of workers and nodes, with or without faults.
/// </summary>
public static class Trainer
{
    /// <summary>Trains a network.</summary>
    /// <param name="data">Training rows, and test rows that every evaluation uses; both must have rows.</param>
    /// <param name="spec">Network, optimizer and schedule of the run.</param>
    /// <param name="options">Workers, files and observation; null: all processors of this machine, no files.</param>
    /// <param name="cancellation">
    /// Requests the end: the step in flight is completed, a checkpoint is written if there is a run directory, and
    /// <see cref="TrainingResult.IsInterrupted"/> is true.
    /// </param>
    /// <exception cref="BadInputException">
    /// A value is out of range or does not fit the data; <see cref="BadInputException.Property"/> names it.
    /// </exception>
    /// <exception cref="TrainingFailedException">The run could not continue.</exception>
    /// <exception cref="RunDirectoryException">The run directory cannot be written.</exception>
    public static Task<TrainingResult> TrainAsync(
        Dataset data, TrainingSpec spec, TrainerOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(spec);
        options ??= new();
        IBlas blas = Blas.Create(options.Backend);
        return RunAsync(RequestFor(data, spec.For(data, blas.Arithmetic, options.EvaluateEvery), blas, options), resume: null, options, cancellation);
    }

    /// <summary>Resumes a run that was interrupted or killed, from its newest checkpoint.</summary>
    /// <param name="runDirectory">The run's directory.</param>
    /// <param name="data">The data set of the run; its content must be the same, its name need not.</param>
    /// <param name="options">Workers, files and observation; <see cref="TrainerOptions.RunDirectory"/> must be null.</param>
    /// <param name="cancellation">Requests the end, as in <see cref="TrainAsync"/>.</param>
    /// <exception cref="BadInputException">The directory has no usable checkpoint, or the data set is another one.</exception>
    /// <exception cref="TrainingFailedException">The run could not continue.</exception>
    /// <exception cref="RunDirectoryException">The run directory cannot be written.</exception>
    public static Task<TrainingResult> ResumeAsync(
        string runDirectory, Dataset data, TrainerOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(runDirectory);
        ArgumentNullException.ThrowIfNull(data);
        options ??= new();
        if (options.RunDirectory is not null)
        {
            throw new BadInputException($"{nameof(TrainerOptions.RunDirectory)}: a run resumes in its own directory; leave it null");
        }

        ResumePoint resume = ResumePoint.Find(runDirectory);
        RunSpec spec = RunSpecJson.Parse(resume.Position.RunSpec, resume.File.Path);
        if (spec.DatasetSha256 != data.Sha256)
        {
            throw new BadInputException(
                $"{runDirectory}: its data set {spec.Dataset} has the SHA-256 {spec.DatasetSha256}, and {data.Name} has {data.Sha256}");
        }

        IBlas blas = Blas.Create(options.Backend);
        if (spec.Arithmetic != blas.Arithmetic)
        {
            throw new BadInputException(
                $"{runDirectory}: its arithmetic is {spec.Arithmetic}, "
                + $"and that of {nameof(TrainerOptions.Backend)} {options.Backend} is {blas.Arithmetic}");
        }

        return RunAsync(RequestFor(data, spec, blas, options), resume, options, cancellation);
    }

    /// <summary>Evaluates a trained model.</summary>
    /// <param name="path">A model file, a checkpoint, or a run directory.</param>
    /// <param name="rows">Rows with features as in training.</param>
    /// <returns>Mean loss without penalties, and accuracy.</returns>
    /// <exception cref="BadInputException">There is no such model, or it does not fit the rows.</exception>
    public static EvaluationResult Evaluate(string path, DataSplit rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        using var model = TrainedModel.Load(TrainedFile.Read(path), new SimdBlas());
        if (rows.Matrix.Columns != model.Spec.Inputs)
        {
            throw new BadInputException(
                $"{path}: the model has {model.Spec.Inputs} inputs, and the rows have {rows.Matrix.Columns} features");
        }

        ModelEvaluation evaluation = model.Evaluate(rows);
        return new(evaluation.Loss, evaluation.Accuracy, evaluation.Rows);
    }

    private static TrainRequest RequestFor(Dataset data, RunSpec spec, IBlas blas, TrainerOptions options)
    {
        if (data.Test.Rows == 0)
        {
            throw new BadInputException($"{data.Name}: it has no test rows; every evaluation needs some");
        }

        ClusterRequest? cluster = options.Cluster?.ToRequest();
        int workers = options.Workers ?? (cluster is null ? Environment.ProcessorCount : 0);
        if (workers < (cluster is null ? 1 : 0))
        {
            throw new BadInputException($"{nameof(TrainerOptions.Workers)} {workers}: expected at least {(cluster is null ? 1 : 0)}");
        }

        return new()
        {
            Spec = spec,
            Data = data,
            Blas = blas,
            Workers = workers,
            Cluster = cluster,
            Settings = spec.SettingsFor(data) with
            {
                EvaluateEvery = spec.Selection?.EvaluateEvery ?? options.EvaluateEvery,
                TargetAccuracy = options.TargetAccuracy,
                StopAfter = options.StopAfter,
                CheckpointEvery = options.CheckpointEvery,
                MinWorkers = options.Cluster?.MinWorkers ?? 1,
                StartWorkers = options.Cluster?.StartWorkers ?? 0,
                Recovery = cluster is null ? RecoveryOptions.InProcess : new RecoveryOptions(),
            },
            LeavesFiles = options.RunDirectory is not null,
            Out = options.RunDirectory,
            Config = spec.ToJson(),
        };
    }

    private static async Task<TrainingResult> RunAsync(
        TrainRequest request, ResumePoint? resume, TrainerOptions options, CancellationToken cancellation)
    {
        if (resume is not null)
        {
            // The place of the data set in the directory's configuration stays: the caller gives data, and no path.
            request = request with { LeavesFiles = true, Config = "{}" };
        }

        using TrainingSession session = await TrainingSession
            .PrepareAsync(request, resume, new() { DrawCurves = options.DrawCurves }, options.Time)
            .ConfigureAwait(false);
        (RunOutcome outcome, RunSummary summary) = await session
            .RunAsync(new ProgressObserver(options.Progress), options.Log ?? (_ => { }), cancellation)
            .ConfigureAwait(false);
        var result = new TrainingResult(request.Spec, request.Data, outcome.Interrupted, summary, session.History, session.ModelState);
        return outcome.Failure is { } failure ? throw new TrainingFailedException(failure, result) : result;
    }

    private sealed class ProgressObserver(IProgress<RunEvent>? progress) : IRunObserver
    {
        public void Observe(RunEvent runEvent) => progress?.Report(runEvent);
    }
}
