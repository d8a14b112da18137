using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Data;

namespace NnCluster.Cli.Explore;

/// <summary>Experiment: decision regions of 20 hidden neurons under three strengths of L2 regularisation.</summary>
internal sealed class RegularisationExperiment : IExperiment
{
    private const int Neurons = 20;

    private static readonly ImmutableArray<double> Strengths = [0.0001, 0.001, 0.01];

    /// <inheritdoc/>
    public string Name => "regularisation";

    /// <inheritdoc/>
    public string Description => "Decision regions of 20 hidden neurons under three strengths of L2 regularisation.";

    /// <inheritdoc/>
    public bool IsPlanar => true;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        Dataset data = PlaneData.Generate(runs.Options);
        var networks = new List<PlaneNetwork>();
        foreach (double l2 in Strengths)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"L2 strength {l2}");
            using ExperimentRun run = await PlaneData.TrainAsync(runs, data, name, Neurons, runs.Options.Seed, l2).ConfigureAwait(false);
            networks.Add(PlaneNetwork.Measure(run));
        }

        return new()
        {
            Summary = new()
            {
                ["shape"] = data.Name,
                ["neurons"] = Neurons,
                ["networks"] = new JsonArray([.. networks.Select((network, i) =>
                {
                    JsonObject summary = network.Summary();
                    summary["l2"] = Strengths[i];
                    return summary;
                })]),
            },
            Numbers = PlaneNetwork.Numbers(networks, data.Train),
            Figures = [PlaneNetwork.Draw("regularisation", networks, data.Train)],
            Lines = [PlaneNetwork.Header, .. networks.Select(network => network.Line)],
        };
    }
}
