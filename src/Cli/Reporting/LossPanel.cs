using System.Globalization;
using NnCluster.Persistence;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// Panel of the loss over iterations: a dot for each minibatch, and a line for the mean of neighbouring minibatches. The axis
/// is logarithmic if the means differ by a factor of 30 or more.
/// </summary>
internal static class LossPanel
{
    private const int MostDots = 20_000;
    private const int MostMeans = 150;

    // Fewest steps of a mean: with fewer, the line would follow the dots.
    private const int LeastStepsPerMean = 3;

    // Smallest ratio of the largest mean to the smallest mean for a logarithmic axis.
    private const double LogarithmicRatio = 30;

    public static Plot Create(IReadOnlyList<(string Name, RunHistory History)> runs)
    {
        Plot plot = FigureStyle.CreatePanel(runs.Count == 1 ? $"Training loss: {runs[0].Name}" : "Training loss", "Iteration", "Loss");
        var dots = runs.Select(run => SeriesThinning.Dots(run.History.Steps, MostDots / runs.Count)).ToArray();
        var means = runs.Select(run => SeriesThinning.Means(
            run.History.Steps, Math.Clamp(run.History.Steps.Count / LeastStepsPerMean, 1, MostMeans))).ToArray();
        double[] losses = [.. dots.SelectMany(points => points).Select(point => point.Y)];
        if (losses.Length == 0)
        {
            FigureStyle.ShowNoData(plot, "no step yet");
            return plot;
        }

        double[] levels = [.. means.SelectMany(points => points).Select(point => point.Y)];
        bool logarithmic = losses.Min() > 0 && levels.Max() / levels.Min() >= LogarithmicRatio;
        Func<double, double> scale = logarithmic ? Math.Log10 : y => y;
        for (int i = 0; i < runs.Count; i++)
        {
            AddRun(plot, runs[i].Name, FigureStyle.Colour(i), Scale(dots[i], scale), Scale(means[i], scale), isOnlyRun: runs.Count == 1);
        }

        plot.Axes.Margins(0.02, 0.08);
        plot.Axes.AutoScale();
        if (logarithmic)
        {
            plot.Axes.Left.TickGenerator = LogarithmicTicks(losses.Min(), losses.Max());
            plot.YLabel("Loss (logarithmic)", 20);
        }
        else
        {
            plot.Axes.SetLimitsY(Math.Min(0, losses.Min()), plot.Axes.GetLimits().Top);
        }

        plot.ShowLegend(Alignment.UpperRight);
        return plot;
    }

    private static void AddRun(
        Plot plot, string name, Color colour, List<Coordinates> dots, List<Coordinates> means, bool isOnlyRun)
    {
        ScottPlot.Plottables.Markers markers = plot.Add.Markers(dots, MarkerShape.FilledCircle, dots.Count > 2000 ? 3.5f : 6f);
        double opacity = dots.Count > 2000 ? 0.25 : 0.45;
        markers.MarkerFillColor = colour.WithOpacity(isOnlyRun ? opacity : opacity / 2);
        markers.MarkerLineColor = Colors.Transparent;
        markers.LegendText = isOnlyRun ? "each minibatch" : string.Empty;
        if (means.Count > 1)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(means, isOnlyRun ? FigureStyle.Colour(1) : colour);
            line.LineWidth = 3;
            line.LegendText = isOnlyRun ? "mean of neighbours" : name;
        }
    }

    private static List<Coordinates> Scale(List<Coordinates> points, Func<double, double> scale) =>
        points.ConvertAll(point => new Coordinates(point.X, scale(point.Y)));

    /// <summary>Creates ticks with labels at 1, 2 and 5 times the powers of ten, or at the powers only if there are more than 4.</summary>
    internal static NumericManual LogarithmicTicks(double least, double most)
    {
        int first = (int)Math.Floor(Math.Log10(least));
        int last = (int)Math.Ceiling(Math.Log10(most));
        int[] steps = last - first <= 4 ? [1, 2, 5] : [1];
        var ticks = new NumericManual();
        for (int power = first; power <= last; power++)
        {
            for (int step = 1; step < 10; step++)
            {
                double position = power + Math.Log10(step);
                double value = step * Math.Pow(10, power);
                if (steps.Contains(step))
                {
                    ticks.AddMajor(position, value.ToString("G4", CultureInfo.InvariantCulture));
                }
                else
                {
                    ticks.AddMinor(position);
                }
            }
        }

        return ticks;
    }
}
