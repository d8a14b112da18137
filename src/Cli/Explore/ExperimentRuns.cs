using System.CommandLine;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;
using Spectre.Console;

namespace NnCluster.Cli.Explore;

/// <summary>A run that an experiment made.</summary>
/// <param name="Name">For legends and tables.</param>
/// <param name="Summary">The result.</param>
/// <param name="History">Every step and epoch.</param>
/// <param name="Model">The trained network.</param>
/// <param name="Data">What it was trained on.</param>
/// <param name="Failure">Why it ended early, such as a loss that is no number; null if it did not.</param>
internal sealed record ExperimentRun(string Name, RunSummary Summary, RunHistory History, TrainedModel Model, Dataset Data, string? Failure) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}

/// <summary>Trains the networks of an experiment as <c>nncluster train</c> does, on the same actors.</summary>
/// <param name="options">What the user chose.</param>
/// <param name="console">Is told how the runs with files go.</param>
internal sealed class ExperimentRuns(ExperimentOptions options, IAnsiConsole console)
{
    private Dataset? _data;

    /// <summary>What the user chose.</summary>
    public ExperimentOptions Options => options;

    /// <summary>The data set of <c>--dataset</c>, opened once.</summary>
    /// <exception cref="BadInputException">It is not there, or not right.</exception>
    public async Task<Dataset> OpenDataAsync() =>
        _data ??= await DataCommand.OpenAsync(options.Dataset, options.DataDirectory, console).ConfigureAwait(false);

    /// <summary>Trains as <c>nncluster train</c> would with these arguments.</summary>
    /// <param name="name">For legends and tables.</param>
    /// <param name="directory">The run directory below the experiment's; null: the run leaves no files.</param>
    /// <param name="arguments">Options of <c>train</c>; data set, seed and workers are added.</param>
    public async Task<ExperimentRun> TrainAsync(string name, string? directory, IEnumerable<string> arguments)
    {
        (Command train, TrainOptions trainOptions) = TrainCommand.Create();
        List<string> all = ["--dataset", options.Dataset, "--seed", $"{options.Seed}", .. arguments];
        if (options.DataDirectory is { } dataDirectory)
        {
            all.AddRange(["--data-dir", dataDirectory]);
        }

        if (options.Workers is int workers)
        {
            all.AddRange(["--workers", $"{workers}"]);
        }

        if (directory is not null)
        {
            all.AddRange(["--out", Path.Combine(options.Directory, directory)]);
        }

        ParseResult given = train.Parse(OptionLayers.Resolve(train, [.. all], trainOptions));
        TrainRequest request = await TrainRequestReader.ReadAsync(given, trainOptions, (_, _) => OpenDataAsync()).ConfigureAwait(false);
        return await TrainAsync(name, request with { LeavesFiles = directory is not null }).ConfigureAwait(false);
    }

    /// <summary>Trains without files, in this process.</summary>
    public Task<ExperimentRun> TrainAsync(string name, RunSpec spec, Dataset data, IBlas blas) => TrainAsync(name, new()
    {
        Spec = spec,
        Data = data,
        Blas = blas,
        // Small networks on few rows: more workers would only wait for each other.
        Workers = options.Workers ?? 1,
        Settings = spec.SettingsFor(data) with { EvaluateEvery = spec.Epochs },
        Config = string.Empty,
        LeavesFiles = false,
    });

    private async Task<ExperimentRun> TrainAsync(string name, TrainRequest request)
    {
        using var session = new TrainingSession(request, resume: null, TimeProvider.System);
        using ProgressDisplay? progress = request.LeavesFiles ? new(console, live: false, TimeProvider.System) : null;
        progress?.WriteLine(name);
        (RunOutcome outcome, RunSummary summary) = await session.RunAsync(progress ?? (IRunObserver)Nobody.Instance, line => progress?.WriteLine(line), CancellationToken.None).ConfigureAwait(false);
        return new(name, summary, session.History, session.TakeModel(), request.Data, outcome.Failure);
    }

    private sealed class Nobody : IRunObserver
    {
        public static readonly Nobody Instance = new();

        public void Observe(RunEvent runEvent)
        {
        }
    }
}
