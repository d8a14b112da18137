using System.Globalization;
using NnCluster.Persistence;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// Panel of the accuracy after each epoch: training dashed, validation dotted, test solid. Each run has a colour; if there is
/// one run, each series has one. Regression has no accuracy: its panel shows the losses.
/// </summary>
internal static class AccuracyPanel
{
    private sealed record Series(string Label, LinePattern Pattern, MarkerShape Marker, Func<EpochPoint, double> Value);

    private static readonly Series[] Accuracies =
    [
        new("train", LinePattern.Dashed, MarkerShape.FilledCircle, epoch => epoch.TrainAccuracy),
        new("validation", LinePattern.Dotted, MarkerShape.FilledDiamond, epoch => epoch.ValidationAccuracy),
        new("test", LinePattern.Solid, MarkerShape.FilledCircle, epoch => epoch.TestAccuracy),
    ];

    private static readonly Series[] Losses =
    [
        new("train", LinePattern.Dashed, MarkerShape.FilledCircle, epoch => epoch.TrainLoss),
        new("validation", LinePattern.Dotted, MarkerShape.FilledDiamond, epoch => epoch.ValidationLoss),
        new("test", LinePattern.Solid, MarkerShape.FilledCircle, epoch => epoch.TestLoss),
    ];

    public static Plot Create(IReadOnlyList<(string Name, RunHistory History)> runs)
    {
        bool classifies = runs.Any(run => run.History.Epochs.Any(epoch => double.IsFinite(epoch.TestAccuracy)));
        bool anyEpoch = runs.Any(run => run.History.Epochs.Count > 0);
        bool accuracies = classifies || !anyEpoch;
        Plot plot = FigureStyle.CreatePanel(Title(runs, accuracies), "Epoch", accuracies ? "Accuracy" : "Loss");
        int drawn = 0;
        for (int i = 0; i < runs.Count; i++)
        {
            foreach ((int index, Series series) in (accuracies ? Accuracies : Losses).Index())
            {
                Color colour = FigureStyle.Colour(runs.Count == 1 ? (index + 1) % 3 : i);
                drawn += Add(plot, runs[i], series, colour, isOnlyRun: runs.Count == 1);
            }
        }

        if (drawn == 0)
        {
            FigureStyle.ShowNoData(plot, "no epoch yet");
            return plot;
        }

        if (accuracies)
        {
            plot.Axes.Left.TickGenerator = new NumericAutomatic
            {
                LabelFormatter = value => (100 * value).ToString("0.##", CultureInfo.InvariantCulture) + " %",
            };
        }

        SetLimits(plot, runs);
        plot.ShowLegend(accuracies ? Alignment.LowerRight : Alignment.UpperRight);
        return plot;
    }

    private static string Title(IReadOnlyList<(string Name, RunHistory History)> runs, bool accuracies)
    {
        string quantity = accuracies ? "Accuracy" : "Loss per epoch";
        if (runs is not [(_, RunHistory { Epochs: [.., EpochPoint last] })])
        {
            return quantity;
        }

        string value = accuracies
            ? (100 * last.TestAccuracy).ToString("0.00", CultureInfo.InvariantCulture) + " %"
            : last.TestLoss.ToString("G4", CultureInfo.InvariantCulture);
        return $"{quantity} (test: {value} after {last.Epoch} {(last.Epoch == 1 ? "epoch" : "epochs")})";
    }

    private static int Add(Plot plot, (string Name, RunHistory History) run, Series series, Color colour, bool isOnlyRun)
    {
        Coordinates[] points =
        [
            .. run.History.Epochs
                .Select(epoch => new Coordinates(epoch.Epoch, series.Value(epoch)))
                .Where(point => double.IsFinite(point.Y)),
        ];
        if (points.Length == 0)
        {
            return 0;
        }

        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(points, colour);
        line.LineWidth = 2.5f;
        line.LinePattern = isOnlyRun ? LinePattern.Solid : series.Pattern;
        line.MarkerShape = series.Marker;
        line.MarkerSize = points.Length > 60 ? 0 : 9;
        line.LegendText = isOnlyRun ? series.Label : $"{run.Name}, {series.Label}";
        return points.Length;
    }

    /// <summary>Sets the limits of the axes: a margin around the points, and a width of at least 2 epochs.</summary>
    private static void SetLimits(Plot plot, IReadOnlyList<(string Name, RunHistory History)> runs)
    {
        plot.Axes.Margins(0.02, 0.10);
        plot.Axes.AutoScale();
        int[] epochs = [.. runs.SelectMany(run => run.History.Epochs).Select(epoch => epoch.Epoch)];
        if (epochs.Min() == epochs.Max())
        {
            plot.Axes.SetLimitsX(epochs[0] - 1, epochs[0] + 1);
        }
    }
}
