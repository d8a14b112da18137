using System.Globalization;
using NnCluster.Cli.Reporting;
using NnCluster.Persistence;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace NnCluster.Cli.Explore;

/// <summary>A line of a panel.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="Points">Points of the line.</param>
/// <param name="Colour">Colour of the line.</param>
/// <param name="IsThin">True: a thin line with open circles, for a second line of one colour. Skia's SVG has no dashes.</param>
internal sealed record Curve(string Name, IEnumerable<Coordinates> Points, Color Colour, bool IsThin = false);

/// <summary>Creates panels with a line for each run, and renders panels in a grid.</summary>
internal static class CurvePanel
{
    private const int MostMeans = 120;
    private const double LogarithmicRatio = 20;
    private const double LeastError = 1e-4;

    private static readonly double[] AccuracyTicks =
        [0.1, 0.5, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999];

    /// <summary>Renders panels of one size, in rows from the left.</summary>
    public static void RenderGrid(SKCanvas canvas, int width, int height, int columns, IReadOnlyList<Func<Plot>> panels)
    {
        int rows = (panels.Count + columns - 1) / columns;
        for (int i = 0; i < panels.Count; i++)
        {
            using Plot panel = panels[i]();
            int column = i % columns;
            int row = i / columns;
            panel.Render(canvas, new PixelRect(
                width * column / columns, width * (column + 1) / columns, height * (row + 1) / rows, height * row / rows));
        }
    }

    /// <summary>Creates a panel of lines with linear axes.</summary>
    public static Plot Create(string title, string bottom, string left, IEnumerable<Curve> curves)
    {
        Plot plot = FigureStyle.CreatePanel(title, bottom, left);
        Add(plot, curves, y => y);
        return plot;
    }

    /// <summary>
    /// Creates a panel of the training loss of each run, as means of neighbouring minibatches. The axis is logarithmic if the
    /// losses differ by a factor of 20 or more.
    /// </summary>
    public static Plot TrainingLoss(IReadOnlyList<StyledRun> runs) => Losses("Training loss", "Iteration", runs, run =>
        SeriesThinning.Means(run.History.Steps, Math.Clamp(run.History.Steps.Count / 3, 1, MostMeans)));

    /// <summary>Creates a panel of the loss on the test rows after each epoch. The legend is that of <see cref="TrainingLoss"/>.</summary>
    public static Plot TestLoss(IReadOnlyList<StyledRun> runs)
    {
        Plot plot = Losses("Test loss", "Epoch", runs, run =>
            run.History.Epochs.Select(epoch => new Coordinates(epoch.Epoch, epoch.TestLoss)));
        plot.HideLegend();
        return plot;
    }

    /// <summary>
    /// Creates a panel of the accuracy on the test rows after each epoch. The axis is logarithmic in the error: from 98 % to 99 %
    /// is as far as from 96 % to 98 %. The legend is that of <see cref="TrainingLoss"/>.
    /// </summary>
    public static Plot TestAccuracy(IReadOnlyList<StyledRun> runs)
    {
        Plot plot = FigureStyle.CreatePanel("Test accuracy", "Epoch", "Accuracy (log scale of the error)");
        IEnumerable<Curve> curves = runs.Select(run =>
            run.Curve(run.History.Epochs.Select(epoch => new Coordinates(epoch.Epoch, epoch.TestAccuracy))));
        Add(plot, curves, HeightOf);
        AxisLimits limits = plot.Axes.GetLimits();
        var ticks = new NumericManual();
        foreach (double accuracy in AccuracyTicks)
        {
            ticks.AddMajor(HeightOf(accuracy), (100 * accuracy).ToString("0.#", CultureInfo.InvariantCulture) + " %");
        }

        plot.Axes.Left.TickGenerator = ticks;
        plot.Axes.SetLimits(limits);
        plot.HideLegend();
        return plot;
    }

    private static double HeightOf(double accuracy) => -Math.Log10(Math.Max(1 - accuracy, LeastError));

    private static Plot Losses(string title, string bottom, IReadOnlyList<StyledRun> runs, Func<StyledRun, IEnumerable<Coordinates>> points)
    {
        Plot plot = FigureStyle.CreatePanel(title, bottom, "Loss");
        Curve[] curves = [.. runs.Select(run => run.Curve(points(run).Where(point => double.IsFinite(point.Y))))];
        double[] values = [.. curves.SelectMany(curve => curve.Points).Select(point => point.Y).Where(y => y > 0)];
        bool logarithmic = values.Length > 0 && values.Max() / values.Min() >= LogarithmicRatio;
        Add(plot, curves, logarithmic ? Math.Log10 : y => y);
        if (logarithmic)
        {
            plot.Axes.Left.TickGenerator = LossPanel.LogarithmicTicks(values.Min(), values.Max());
            plot.YLabel("Loss (logarithmic)", 20);
        }

        plot.ShowLegend(Alignment.UpperRight);
        return plot;
    }

    private static void Add(Plot plot, IEnumerable<Curve> curves, Func<double, double> height)
    {
        foreach (Curve curve in curves)
        {
            Coordinates[] points =
            [
                .. curve.Points
                    .Select(point => new Coordinates(point.X, height(point.Y)))
                    .Where(point => double.IsFinite(point.Y)),
            ];
            if (points.Length == 0)
            {
                continue;
            }

            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(points, curve.Colour);
            line.LineWidth = curve.IsThin ? 1.5f : 3;
            line.LegendText = curve.Name;
            if (points.Length <= 30)
            {
                line.MarkerSize = curve.IsThin ? 10 : 8;
                line.MarkerShape = curve.IsThin ? MarkerShape.OpenCircle : MarkerShape.FilledCircle;
                line.MarkerLineColor = curve.Colour;
                line.MarkerLineWidth = 1.5f;
            }
        }

        plot.Axes.Margins(0.03, 0.08);
        plot.Axes.AutoScale();
    }
}

/// <summary>A run with the colour and width of its lines, the same in every panel.</summary>
internal sealed record StyledRun(string Name, RunHistory History, Color Colour, bool IsThin)
{
    /// <summary>Creates a line of the run.</summary>
    public Curve Curve(IEnumerable<Coordinates> points) => new(Name, points, Colour, IsThin);
}
