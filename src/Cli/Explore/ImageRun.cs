using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Persistence;
using ScottPlot;

namespace NnCluster.Cli.Explore;

/// <summary>
/// A run of an experiment on a data set, evaluated on its training rows too. The evaluation is without dropout, unlike the
/// run's own training loss.
/// </summary>
/// <param name="Name">Name in legends and tables.</param>
/// <param name="History">Metrics of every step and epoch.</param>
/// <param name="Train">Evaluation of the trained network on the training rows.</param>
/// <param name="Test">Evaluation of the trained network on the test rows.</param>
/// <param name="Failure">Reason of its failure; null if it did not fail.</param>
/// <param name="Directory">The run directory.</param>
internal sealed record ImageRun(
    string Name, RunHistory History, ModelEvaluation Train, ModelEvaluation Test, string? Failure, string Directory)
{
    /// <summary>Evaluates the network of a run, and disposes it.</summary>
    public static async Task<ImageRun> MeasureAsync(Task<ExperimentRun> training)
    {
        using ExperimentRun run = await training.ConfigureAwait(false);
        return new(
            run.Name,
            run.History,
            run.Model.Evaluate(run.Data.Train),
            run.Model.Evaluate(run.Data.Test),
            run.Failure,
            run.Summary.RunDirectory);
    }

    /// <summary>Accuracy on the training rows minus that on the test rows: the overfitting.</summary>
    public double Gap => Train.Accuracy - Test.Accuracy;

    /// <summary>Best test accuracy of all epochs; NaN if there is none.</summary>
    public double Best => History.Epochs.Select(epoch => epoch.TestAccuracy).DefaultIfEmpty(double.NaN).Max();

    /// <summary>The header of <see cref="Line"/>.</summary>
    public static string Header =>
        $"{"",-28}{"test accuracy",15}{"after epoch 1",15}{"best",10}{"train accuracy",16}{"test loss",12}{"train loss",12}";

    /// <summary>The run as a line of a table.</summary>
    public string Line => string.Create(CultureInfo.InvariantCulture,
        $"{Name,-28}{100 * Test.Accuracy,13:0.00} %{100 * First,13:0.00} %{100 * Best,8:0.00} %")
        + string.Create(CultureInfo.InvariantCulture, $"{100 * Train.Accuracy,14:0.00} %{Test.Loss,12:0.0000}{Train.Loss,12:0.0000}")
        + (Failure is null ? string.Empty : $"  ({Failure})");

    /// <summary>The measurements.</summary>
    public JsonObject Summary() => new()
    {
        ["name"] = Name,
        ["testAccuracy"] = Findings.Number(Test.Accuracy),
        ["testLoss"] = Findings.Number(Test.Loss),
        ["trainAccuracy"] = Findings.Number(Train.Accuracy),
        ["trainLoss"] = Findings.Number(Train.Loss),
        ["gap"] = Findings.Number(Gap),
        ["firstEpochTestAccuracy"] = Findings.Number(First),
        ["bestTestAccuracy"] = Findings.Number(Best),
        ["failure"] = Failure,
        ["run"] = Path.GetFileName(Directory),
    };

    /// <summary>The series of the figures.</summary>
    public JsonObject Series()
    {
        List<Coordinates> means = SeriesThinning.Means(History.Steps, Math.Clamp(History.Steps.Count / 3, 1, 120));
        return new()
        {
            ["epoch"] = Findings.Numbered(History.Epochs.Select(epoch => (double)epoch.Epoch)),
            ["testAccuracy"] = Findings.Numbered(History.Epochs.Select(epoch => epoch.TestAccuracy)),
            ["testLoss"] = Findings.Numbered(History.Epochs.Select(epoch => epoch.TestLoss)),
            ["iteration"] = Findings.Numbered(means.Select(point => point.X)),
            ["trainingLoss"] = Findings.Numbered(means.Select(point => point.Y)),
        };
    }

    /// <summary>The series of several runs by name.</summary>
    public static JsonObject Numbers(IEnumerable<ImageRun> runs) =>
        new(runs.Select(run => KeyValuePair.Create(run.Name, (JsonNode?)run.Series())));

    /// <summary>Creates a figure of learning curves side by side: training loss, test loss if requested, test accuracy.</summary>
    /// <param name="name">The figure's name.</param>
    /// <param name="runs">The runs.</param>
    /// <param name="withTestLoss">Whether a panel shows the test loss.</param>
    /// <param name="style">Colour index of run i, and whether its line is thin.</param>
    public static Figure Draw(string name, IReadOnlyList<ImageRun> runs, bool withTestLoss, Func<int, (int Colour, bool IsThin)> style)
    {
        StyledRun[] styled =
        [
            .. runs.Select((run, i) => new StyledRun(run.Name, run.History, FigureStyle.Colour(style(i).Colour), style(i).IsThin)),
        ];
        List<Func<Plot>> panels = [() => CurvePanel.TrainingLoss(styled), () => CurvePanel.TestAccuracy(styled)];
        if (withTestLoss)
        {
            panels.Insert(1, () => CurvePanel.TestLoss(styled));
        }

        int width = 850 * panels.Count;
        const int height = 700;
        return new(name, width, height, canvas => CurvePanel.RenderGrid(canvas, width, height, panels.Count, panels));
    }

    private double First => History.Epochs is [EpochPoint first, ..] ? first.TestAccuracy : double.NaN;
}
