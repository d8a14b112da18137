using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;
using Spectre.Console;

namespace NnCluster.Cli.Explore;

/// <summary>A completed run of an experiment.</summary>
/// <param name="Name">Name in legends and tables.</param>
/// <param name="Summary">Result of the run.</param>
/// <param name="History">Metrics of every step and epoch.</param>
/// <param name="Model">The trained network.</param>
/// <param name="Data">Data set that it was trained on.</param>
/// <param name="Failure">Reason of its failure, such as a loss that is not finite; null if it did not fail.</param>
internal sealed record ExperimentRun(
    string Name, RunSummary Summary, RunHistory History, TrainedModel Model, Dataset Data, string? Failure) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}

/// <summary>Trains the networks of an experiment as <c>nncluster train</c> does, on the same actors.</summary>
/// <param name="options">Options of the experiment.</param>
/// <param name="console">Console that gets the progress of runs with files.</param>
internal sealed class ExperimentRuns(ExperimentOptions options, IAnsiConsole console)
{
    private Dataset? _data;

    /// <summary>Options of the experiment.</summary>
    public ExperimentOptions Options => options;

    /// <summary>The data set of <c>--dataset</c>, opened once.</summary>
    /// <exception cref="BadInputException">The data set does not exist, or is damaged.</exception>
    public async Task<Dataset> OpenDataAsync() =>
        _data ??= await ConsoleDataset.OpenAsync(options.Dataset, options.DataDirectory, new(), console).ConfigureAwait(false);

    /// <summary>Trains on the data set of <c>--dataset</c>.</summary>
    /// <param name="name">Name of the run in legends and tables.</param>
    /// <param name="directory">The run directory below that of the experiment; null: the run writes no files.</param>
    /// <param name="spec">Specification of the run; the seed of the experiment replaces its own.</param>
    /// <param name="validation">Training rows that are held out for validation; 0: none.</param>
    public async Task<ExperimentRun> TrainAsync(string name, string? directory, TrainingSpec spec, int validation = 0)
    {
        Dataset data = await OpenDataAsync().ConfigureAwait(false);
        data = validation > 0 ? data.WithSplits(new() { Validation = validation }) : data;
        return await TrainAsync(name, data, spec with { Seed = options.Seed }, new()
        {
            Workers = options.Workers,
            RunDirectory = directory is null ? null : Path.Combine(options.Directory, directory),
        }).ConfigureAwait(false);
    }

    /// <summary>Trains a small network on few rows, without files.</summary>
    /// <param name="name">Name of the run in legends and tables.</param>
    /// <param name="data">The data set.</param>
    /// <param name="spec">Specification of the run.</param>
    public Task<ExperimentRun> TrainAsync(string name, Dataset data, TrainingSpec spec) => TrainAsync(name, data, spec, new()
    {
        // One worker by default: with few rows, several would mostly wait for each other.
        Workers = options.Workers ?? 1,
        EvaluateEvery = spec.Epochs,
    });

    private async Task<ExperimentRun> TrainAsync(string name, Dataset data, TrainingSpec spec, TrainerOptions trainerOptions)
    {
        using ProgressDisplay? display = trainerOptions.RunDirectory is null ? null : new(console, live: false, TimeProvider.System);
        display?.WriteLine(name);
        trainerOptions = trainerOptions with
        {
            Progress = display is null ? null : new DisplayProgress(display),
            Log = line => display?.WriteLine(line),
            DrawCurves = (run, history, path) => LearningCurves.Draw(run, history, path),
        };
        try
        {
            TrainingResult result = await Trainer.TrainAsync(data, spec, trainerOptions).ConfigureAwait(false);
            return Measured(result, failure: null);
        }
        catch (TrainingFailedException e)
        {
            return Measured(e.Result, e.Message);
        }

        ExperimentRun Measured(TrainingResult result, string? failure) => new(
            name,
            result.Summary,
            result.History,
            new(result.Model, result.ModelState.Span, new SimdBlas()),
            data,
            failure);
    }

    private sealed class DisplayProgress(ProgressDisplay display) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => display.Observe(value);
    }
}
