using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NnCluster.Model;

namespace NnCluster.Cli.Explore;

/// <summary>Experiment: He, too large and too small initial weights, each with and without batch normalisation.</summary>
internal sealed class BatchNormExperiment : IExperiment
{
    private static readonly ImmutableArray<(string Name, Initializer Initializer)> Initialisations =
    [
        ("he", new(InitializerKind.He)),
        ("normal:1", new(InitializerKind.Normal, 1)),
        ("normal:0.01", new(InitializerKind.Normal, 0.01f)),
    ];

    /// <inheritdoc/>
    public string Name => "batch-norm";

    /// <inheritdoc/>
    public string Description => "Good, too large and too small initial weights, each with and without batch normalisation.";

    /// <inheritdoc/>
    public bool IsPlanar => false;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        bool quick = runs.Options.Quick;
        var measured = new List<ImageRun>();
        foreach ((string name, Initializer initializer) in Initialisations)
        {
            string directory = name.Replace(':', '-');
            measured.Add(await Train(name, directory, initializer, batchNorm: false).ConfigureAwait(false));
            measured.Add(await Train($"{name}, batch norm", $"{directory}-batch-norm", initializer, batchNorm: true).ConfigureAwait(false));
        }

        return new()
        {
            Summary = new() { ["dataset"] = runs.Options.Dataset, ["runs"] = new JsonArray([.. measured.Select(run => run.Summary())]) },
            Numbers = new() { ["curves"] = ImageRun.Numbers(measured) },
            Figures = [ImageRun.Draw("batch-norm", measured, withTestLoss: false, i => (i / 2, i % 2 == 0))],
            Lines = [ImageRun.Header, .. measured.Select(run => run.Line)],
        };

        Task<ImageRun> Train(string name, string directory, Initializer initializer, bool batchNorm)
        {
            var layer = new HiddenLayer { Units = quick ? 32 : 256, BatchNorm = batchNorm };
            var spec = new TrainingSpec
            {
                Hidden = [layer, layer, layer],
                Initializer = initializer,
                BatchSize = quick ? 64 : 128,
                Epochs = quick ? 5 : 10,
                Optimizer = new() { LearningRate = 0.001 },
            };
            return ImageRun.MeasureAsync(runs.TrainAsync(name, directory, spec));
        }
    }
}
