using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using ScottPlot;

namespace NnCluster.Cli.Explore;

/// <summary>Measurements of a trained network in the plane.</summary>
/// <param name="Name">Name in figures and tables.</param>
/// <param name="Train">Evaluation on the training points, without penalties.</param>
/// <param name="Test">Evaluation on the test points.</param>
/// <param name="Regions">Its decision regions.</param>
/// <param name="WeightNorm">‖w‖₂ of all weights, biases left out.</param>
/// <param name="Weights">Values of the tensors, by name.</param>
internal sealed record PlaneNetwork(
    string Name, ModelEvaluation Train, ModelEvaluation Test, DecisionRegions Regions, double WeightNorm, JsonObject Weights)
{
    /// <summary>Measures a run's model.</summary>
    public static PlaneNetwork Measure(ExperimentRun run) => new(
        run.Name,
        run.Model.Evaluate(run.Data.Train),
        run.Model.Evaluate(run.Data.Test),
        DecisionRegions.Compute(run.Model, run.Data.Train),
        Norm(run.Model),
        new(run.Model.Layout.Tensors.Select(view => KeyValuePair.Create(
            view.Name, (JsonNode?)new JsonArray([.. view.Of(run.Model.State).ToArray().Select(value => JsonValue.Create(value))])))));

    /// <summary>The header of <see cref="Line"/>.</summary>
    public static string Header =>
        $"{"",-22}{"train accuracy",15}{"test accuracy",15}{"train loss",12}{"test loss",11}{"regions",9}{"sharpness",11}{"|w|",9}";

    /// <summary>The network as a line of a table.</summary>
    public string Line => string.Create(CultureInfo.InvariantCulture,
        $"{Name,-22}{100 * Train.Accuracy,13:0.0} %{100 * Test.Accuracy,13:0.0} %{Train.Loss,12:0.0000}{Test.Loss,11:0.0000}")
        + string.Create(CultureInfo.InvariantCulture, $"{Regions.CountRegions(),9}{Regions.Sharpness(),11:0.000}{WeightNorm,9:0.00}");

    /// <summary>The measurements.</summary>
    public JsonObject Summary() => new()
    {
        ["name"] = Name,
        ["trainAccuracy"] = Findings.Number(Train.Accuracy),
        ["testAccuracy"] = Findings.Number(Test.Accuracy),
        ["trainLoss"] = Findings.Number(Train.Loss),
        ["testLoss"] = Findings.Number(Test.Loss),
        ["regions"] = Regions.CountRegions(),
        ["sharpness"] = Findings.Number(Regions.Sharpness()),
        ["weightNorm"] = Findings.Number(WeightNorm),
    };

    /// <summary>Creates a figure of the decision regions of networks side by side.</summary>
    public static Figure Draw(string name, IReadOnlyList<PlaneNetwork> networks, DataSplit points) =>
        new(name, 560 * networks.Count, 620, canvas => CurvePanel.RenderGrid(canvas, 560 * networks.Count, 620, networks.Count,
            [.. networks.Select(network => (Func<Plot>)(() => RegionPanel.Create(network.Title, network.Regions, points)))]));

    /// <summary>Training points and tensors of the networks: every figure can be drawn from them.</summary>
    public static JsonObject Numbers(IReadOnlyList<PlaneNetwork> networks, DataSplit points)
    {
        float[] xy = new float[2 * points.Rows];
        points.Copy(0, points.Rows, xy);
        return new()
        {
            ["points"] = new JsonArray(
            [
                .. Enumerable.Range(0, points.Rows)
                    .Select(i => (JsonNode)new JsonArray(xy[2 * i], xy[(2 * i) + 1], points.Labels[i])),
            ]),
            ["weights"] = new JsonObject(networks.Select(network => KeyValuePair.Create(network.Name, (JsonNode?)network.Weights))),
        };
    }

    private string Title => string.Create(CultureInfo.InvariantCulture,
        $"{Name}\ntrain {100 * Train.Accuracy:0.0} %, test {100 * Test.Accuracy:0.0} %");

    private static double Norm(TrainedModel model)
    {
        double squares = 0;
        foreach (ParameterView view in model.Layout.Tensors.Where(view => view.Kind == ParameterKind.Weight))
        {
            foreach (float weight in view.Of(model.State))
            {
                squares += (double)weight * weight;
            }
        }

        return Math.Sqrt(squares);
    }
}
