using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Data;
using NnCluster.Optimization;

namespace NnCluster.Cli.Explore;

/// <summary>Experiment: every optimizer at its default learning rate, and at the best of several on held-out rows.</summary>
internal sealed class OptimizersExperiment : IExperiment
{
    private const int HeldOut = 5000;

    private static readonly ImmutableArray<double> Factors = [0.1, 0.3, 1, 3, 10, 30];
    private static readonly ImmutableArray<double> QuickFactors = [1, 10];

    /// <inheritdoc/>
    public string Name => "optimizers";

    /// <inheritdoc/>
    public string Description => "Every optimizer at its default learning rate, and at the best of six on held-out rows.";

    /// <inheritdoc/>
    public bool IsPlanar => false;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        bool quick = runs.Options.Quick;
        var common = new TrainingSpec
        {
            Hidden = [new() { Units = quick ? 32 : 256 }],
            BatchSize = quick ? 64 : 128,
            Epochs = quick ? 4 : 10,
        };
        var byDefault = new List<ImageRun>();
        var tuned = new List<ImageRun>();
        var searches = new JsonObject();
        foreach (OptimizerKind kind in Enum.GetValues<OptimizerKind>())
        {
            string name = CliOption.NameOf(kind);
            double rate = new OptimizerSpec { Kind = kind }.Resolve().LearningRate!.Value;
            byDefault.Add(await Train(name, "default", rate).ConfigureAwait(false));
            (double best, JsonObject search) = await SearchAsync(runs, common, kind, rate).ConfigureAwait(false);
            searches[name] = search;
            // A second run with the same learning rate would have the same bits.
            tuned.Add(best == rate
                ? byDefault[^1] with { Name = Label(name, best) }
                : await Train(name, "tuned", best).ConfigureAwait(false));

            Task<ImageRun> Train(string optimizer, string group, double learningRate) => ImageRun.MeasureAsync(runs.TrainAsync(
                Label(optimizer, learningRate),
                $"{optimizer}-{group}",
                common with { Optimizer = new() { Kind = kind, LearningRate = learningRate } }));
        }

        return new()
        {
            Summary = new()
            {
                ["dataset"] = runs.Options.Dataset,
                ["default"] = new JsonArray([.. byDefault.Select(run => run.Summary())]),
                ["tuned"] = new JsonArray([.. tuned.Select(run => run.Summary())]),
                ["validationAccuracyByLearningRate"] = searches,
            },
            Numbers = new()
            {
                ["curves"] = new JsonObject { ["default"] = ImageRun.Numbers(byDefault), ["tuned"] = ImageRun.Numbers(tuned) },
            },
            Figures =
            [
                ImageRun.Draw("optimizers-default", byDefault, withTestLoss: false, i => (i, false)),
                ImageRun.Draw("optimizers-tuned", tuned, withTestLoss: false, i => (i, false)),
            ],
            Lines =
            [
                "At the default learning rate:", ImageRun.Header, .. byDefault.Select(run => run.Line),
                string.Empty,
                "At the learning rate with the best accuracy on held-out training rows:", ImageRun.Header, .. tuned.Select(run => run.Line),
            ],
        };
    }

    /// <summary>
    /// Trains for 3 epochs at several learning rates, and returns the one with the best accuracy on rows held out of the training
    /// rows.
    /// </summary>
    private static async Task<(double Best, JsonObject Search)> SearchAsync(
        ExperimentRuns runs, TrainingSpec common, OptimizerKind kind, double rate)
    {
        Dataset data = await runs.OpenDataAsync().ConfigureAwait(false);
        int held = Math.Min(HeldOut, data.Train.Rows / 6);
        var search = new JsonObject();
        (double Rate, double Accuracy) best = (rate, double.NegativeInfinity);
        foreach (double factor in runs.Options.Quick ? QuickFactors : Factors)
        {
            double tried = double.Parse(Text(rate * factor), CultureInfo.InvariantCulture);
            using ExperimentRun run = await runs.TrainAsync(
                Text(tried),
                (string?)null,
                common with
                {
                    Epochs = runs.Options.Quick ? 2 : 3,
                    Optimizer = new() { Kind = kind, LearningRate = tried },
                },
                validation: held).ConfigureAwait(false);
            double accuracy = run.Failure is null ? run.Summary.ValidationAccuracy ?? double.NaN : double.NaN;
            search[Text(tried)] = Findings.Number(accuracy);
            if (accuracy > best.Accuracy)
            {
                best = (tried, accuracy);
            }
        }

        return (best.Rate, search);
    }

    private static string Label(string optimizer, double learningRate) => $"{optimizer} {Text(learningRate)}";

    private static string Text(double rate) => rate.ToString("G3", CultureInfo.InvariantCulture);
}
