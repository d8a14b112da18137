using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace NnCluster.Cli.Explore;

/// <summary>
/// Experiment: decision regions and overfitting of 3, 6 and 20 hidden neurons, and the spread of their final loss over initial
/// weights.
/// </summary>
internal sealed class CapacityExperiment : IExperiment
{
    private static readonly ImmutableArray<int> Sizes = [3, 6, 20];

    /// <inheritdoc/>
    public string Name => "capacity";

    /// <inheritdoc/>
    public string Description =>
        "Decision regions of 3, 6 and 20 hidden neurons on noisy points in the plane, and how much the final loss varies with the "
        + "initial weights.";

    /// <inheritdoc/>
    public bool IsPlanar => true;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        Dataset data = PlaneData.Generate(runs.Options);
        var shown = new List<PlaneNetwork>();
        var losses = new List<double[]>();
        foreach (int neurons in Sizes)
        {
            var ofSize = new List<double>();
            for (int restart = 0; restart < (runs.Options.Quick ? 2 : 10); restart++)
            {
                using ExperimentRun run = await PlaneData
                    .TrainAsync(runs, data, $"{neurons} hidden neurons", neurons, runs.Options.Seed + (ulong)restart)
                    .ConfigureAwait(false);
                ofSize.Add(run.Model.Evaluate(data.Train).Loss);
                if (restart == 0)
                {
                    shown.Add(PlaneNetwork.Measure(run));
                }
            }

            losses.Add([.. ofSize]);
        }

        return new()
        {
            Summary = new()
            {
                ["shape"] = data.Name,
                ["networks"] = new JsonArray([.. shown.Select((network, i) => Described(network, Sizes[i], losses[i]))]),
            },
            Numbers = PlaneNetwork.Numbers(shown, data.Train),
            Figures =
            [
                PlaneNetwork.Draw("capacity", shown, data.Train),
                new("capacity-restarts", 900, 600, canvas => CurvePanel.RenderGrid(canvas, 900, 600, 1, [() => Restarts(losses)])),
            ],
            Lines =
            [
                PlaneNetwork.Header,
                .. shown.Select(network => network.Line),
                $"Final training loss over {losses[0].Length} initialisations:",
                .. losses.Select((ofSize, i) => string.Create(CultureInfo.InvariantCulture,
                    $"{Sizes[i],3} hidden neurons: from {ofSize.Min():0.0000} to {ofSize.Max():0.0000}, ")
                    + string.Create(CultureInfo.InvariantCulture, $"standard deviation {Deviation(ofSize):0.0000}")),
            ],
        };
    }

    private static JsonObject Described(PlaneNetwork network, int neurons, double[] losses)
    {
        JsonObject summary = network.Summary();
        summary["neurons"] = neurons;
        summary["trainLossOfRestarts"] = Findings.Numbered(losses);
        summary["trainLossDeviation"] = Findings.Number(Deviation(losses));
        return summary;
    }

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, values.Length - 1));
    }

    private static Plot Restarts(List<double[]> losses)
    {
        Plot plot = FigureStyle.CreatePanel("Final training loss by initialisation", "Hidden neurons", "Loss");
        var ticks = new NumericManual();
        for (int i = 0; i < losses.Count; i++)
        {
            double[] ofSize = losses[i];
            ScottPlot.Plottables.Markers markers = plot.Add.Markers(
                // Equal losses are spread horizontally.
                ofSize.Select((loss, n) => new Coordinates(i + (0.25 * (((n + 0.5) / ofSize.Length) - 0.5)), loss)).ToArray(),
                MarkerShape.FilledCircle,
                12);
            markers.MarkerFillColor = FigureStyle.Colour(i).WithOpacity(0.75);
            markers.MarkerLineColor = Colors.White;
            ticks.AddMajor(i, $"{Sizes[i]}");
        }

        plot.Axes.Bottom.TickGenerator = ticks;
        plot.Axes.SetLimits(-0.5, losses.Count - 0.5, 0, 1.1 * losses.SelectMany(ofSize => ofSize).Max());
        return plot;
    }
}
