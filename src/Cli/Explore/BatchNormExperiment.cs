using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Explore;

/// <summary>Three hidden layers from good, too large and too small initial weights, each with and without batch normalisation.</summary>
internal sealed class BatchNormExperiment : IExperiment
{
    private static readonly ImmutableArray<string> Initialisations = ["he", "normal:1", "normal:0.01"];

    /// <inheritdoc/>
    public string Name => "batch-norm";

    /// <inheritdoc/>
    public string Description => "Good, too large and too small initial weights, each with and without batch normalisation.";

    /// <inheritdoc/>
    public bool IsPlanar => false;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        string[] common = runs.Options.Quick
            ? ["--hidden", "32,32,32", "--batch-size", "64", "--epochs", "5", "--learning-rate", "0.001", "--schedule", "constant"]
            : ["--hidden", "256,256,256", "--batch-size", "128", "--epochs", "10", "--learning-rate", "0.001", "--schedule", "constant"];
        var measured = new List<ImageRun>();
        foreach (string init in Initialisations)
        {
            string directory = init.Replace(':', '-');
            measured.Add(await ImageRun.MeasureAsync(runs.TrainAsync(init, directory, [.. common, "--init", init])).ConfigureAwait(false));
            measured.Add(await ImageRun.MeasureAsync(
                runs.TrainAsync($"{init}, batch norm", $"{directory}-batch-norm", [.. common, "--init", init, "--batch-norm"])).ConfigureAwait(false));
        }

        return new()
        {
            Summary = new() { ["dataset"] = runs.Options.Dataset, ["runs"] = new JsonArray([.. measured.Select(run => run.Summary())]) },
            Numbers = new() { ["curves"] = ImageRun.Numbers(measured) },
            Figures = [ImageRun.Draw("batch-norm", measured, withTestLoss: false, i => (i / 2, i % 2 == 0))],
            Lines = [ImageRun.Header, .. measured.Select(run => run.Line)],
        };
    }
}
