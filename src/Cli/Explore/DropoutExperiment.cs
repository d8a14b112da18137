using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Model;

namespace NnCluster.Cli.Explore;

/// <summary>Experiment: the same network with and without dropout, and with noise on its inputs instead.</summary>
internal sealed class DropoutExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Name => "dropout";

    /// <inheritdoc/>
    public string Description =>
        "The same network without dropout, with half of the hidden outputs dropped, with a fifth of the inputs dropped too, and with "
        + "noise on the inputs instead.";

    /// <inheritdoc/>
    public bool IsPlanar => false;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        bool quick = runs.Options.Quick;
        var plain = new TrainingSpec
        {
            Hidden = Layers(0),
            BatchSize = quick ? 64 : 128,
            Epochs = quick ? 40 : 20,
            Optimizer = new() { LearningRate = quick ? 0.003 : 0.001 },
        };
        ImageRun[] measured =
        [
            await Train("no dropout", "none", plain).ConfigureAwait(false),
            await Train("dropout 0.5", "dropout", plain with { Hidden = Layers(0.5f) }).ConfigureAwait(false),
            await Train("dropout 0.5, inputs 0.2", "input-dropout", plain with { Hidden = Layers(0.5f), InputDropout = 0.2f })
                .ConfigureAwait(false),
            await Train("input noise 0.3", "input-noise", plain with { InputNoise = 0.3f }).ConfigureAwait(false),
        ];
        return new()
        {
            Summary = new() { ["dataset"] = runs.Options.Dataset, ["runs"] = new JsonArray([.. measured.Select(run => run.Summary())]) },
            Numbers = new() { ["curves"] = ImageRun.Numbers(measured) },
            Figures = [ImageRun.Draw("dropout", measured, withTestLoss: true, i => (i, false))],
            Lines =
            [
                ImageRun.Header,
                .. measured.Select(run => run.Line),
                "Accuracy on training rows less that on test rows: " + string.Join("; ", measured.Select(run =>
                    string.Create(CultureInfo.InvariantCulture, $"{run.Name}: {100 * run.Gap:0.00} points"))) + ".",
            ],
        };

        HiddenLayer[] Layers(float dropout)
        {
            var layer = new HiddenLayer { Units = quick ? 128 : 512, Dropout = dropout };
            return [layer, layer];
        }

        Task<ImageRun> Train(string name, string directory, TrainingSpec spec) =>
            ImageRun.MeasureAsync(runs.TrainAsync(name, directory, spec));
    }
}
