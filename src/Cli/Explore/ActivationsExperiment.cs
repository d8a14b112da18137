using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Model;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace NnCluster.Cli.Explore;

/// <summary>Experiment: the activation functions and their derivatives, computed by this program's networks.</summary>
internal sealed class ActivationsExperiment : IExperiment
{
    private const float InitialSlope = 0.25f;

    // Every fourth point is drawn: the line is smooth, and the figure smaller than with all points.
    private const int PlotStride = 4;

    /// <inheritdoc/>
    public string Name => "activations";

    /// <inheritdoc/>
    public string Description => "The activation functions on [-5, 5] and their derivatives, and the slope that PReLU learns.";

    /// <inheritdoc/>
    public bool IsPlanar => true;

    /// <inheritdoc/>
    public async Task<Findings> RunAsync(ExperimentRuns runs)
    {
        float learned = await LearnSlopeAsync(runs).ConfigureAwait(false);
        float[] x = ActivationCurve.Grid();
        ImmutableArray<ActivationCurve> curves =
        [
            ActivationCurve.Compute("sigmoid", ActivationKind.Sigmoid, null, x),
            ActivationCurve.Compute("tanh", ActivationKind.Tanh, null, x),
            ActivationCurve.Compute("ReLU", ActivationKind.Relu, null, x),
            ActivationCurve.Compute("leaky ReLU, slope 0.01", ActivationKind.LeakyRelu, 0.01f, x),
            ActivationCurve.Compute("PReLU, slope 0.25 at first", ActivationKind.Prelu, InitialSlope, x),
        ];
        string learnedName = string.Create(CultureInfo.InvariantCulture, $"PReLU, slope from 0.25 to {learned:0.000}");
        var afterwards = ActivationCurve.Compute(learnedName, ActivationKind.Prelu, learned, x);
        double identity = ScaledSigmoidError(curves[1], x);
        var summary = new JsonObject
        {
            ["points"] = x.Length,
            ["largestDerivative"] = new JsonObject(
                curves.Select(curve => KeyValuePair.Create(Key(curve), Findings.Number(curve.Derivatives.Max())))),
            ["derivativeAt5"] = new JsonObject(
                curves.Select(curve => KeyValuePair.Create(Key(curve), Findings.Number(curve.Derivatives[^1])))),
            ["tanhMinusScaledSigmoid"] = identity,
            ["preluSlope"] = new JsonObject
            {
                ["initial"] = InitialSlope,
                ["learned"] = Findings.Number(learned),
                ["shape"] = runs.Options.Shape.ToString().ToLowerInvariant(),
            },
        };
        var numbers = new JsonObject { ["x"] = Findings.Numbered(x.Select(value => (double)value)) };
        foreach (ActivationCurve curve in curves)
        {
            numbers[Key(curve)] = new JsonObject
            {
                ["value"] = Findings.Numbered(curve.Values.Select(value => (double)value)),
                ["derivative"] = Findings.Numbered(curve.Derivatives.Select(value => (double)value)),
            };
        }

        return new()
        {
            Summary = summary,
            Numbers = new() { ["curves"] = numbers },
            Figures =
            [
                new("activations", 1800, 1000, canvas => CurvePanel.RenderGrid(canvas, 1800, 1000, 3, Panels(curves, afterwards, x))),
            ],
            Lines =
            [
                $"{"",-32}{"largest f'",12}{"f'(-5)",12}{"f'(5)",12}",
                .. curves.Select(curve => string.Create(
                    CultureInfo.InvariantCulture,
                    $"{curve.Name,-32}{curve.Derivatives.Max(),12:0.0000}{curve.Derivatives[0],12:0.0000}")
                    + string.Create(CultureInfo.InvariantCulture, $"{curve.Derivatives[^1],12:0.0000}")),
                string.Create(CultureInfo.InvariantCulture, $"tanh(x) = 2σ(2x) − 1 holds to {identity:0.0e+0}."),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"PReLU's slope went from 0.25 to {learned:0.000} on the {runs.Options.Shape.ToString().ToLowerInvariant()}."),
            ],
        };
    }

    private static string Key(ActivationCurve curve) => ModelSpec.NameOf(curve.Kind);

    private static async Task<float> LearnSlopeAsync(ExperimentRuns runs)
    {
        Dataset data = PlaneData.Generate(runs.Options);
        using ExperimentRun run = await PlaneData
            .TrainAsync(runs, data, "prelu", 20, runs.Options.Seed, activation: ActivationKind.Prelu)
            .ConfigureAwait(false);
        return run.Model.Layout.Find(ParameterKind.Slope, 0).Of(run.Model.State)[0];
    }

    /// <summary>Largest |tanh(x) − (2σ(2x) − 1)|, with both functions computed by the program's layers.</summary>
    private static double ScaledSigmoidError(ActivationCurve tanh, float[] x)
    {
        var sigmoid = ActivationCurve.Compute("sigmoid", ActivationKind.Sigmoid, null, [.. x.Select(value => 2 * value)]);
        return tanh.Values.Zip(sigmoid.Values, (t, s) => Math.Abs(t - ((2.0 * s) - 1))).Max();
    }

    private static Func<Plot>[] Panels(ImmutableArray<ActivationCurve> curves, ActivationCurve afterwards, float[] x)
    {
        static IEnumerable<Coordinates> Points(float[] x, float[] y) =>
            x.Zip(y, (a, b) => new Coordinates(a, b)).Where((_, i) => i % PlotStride == 0);
        return
        [
            .. curves.Select(curve => (Func<Plot>)(() => Panel(curve.Kind == afterwards.Kind ? afterwards.Name : curve.Name,
            [
                new("f(x)", Points(x, curve.Values), FigureStyle.Colour(0)),
                new("f'(x)", Points(x, curve.Derivatives), FigureStyle.Colour(1)),
                .. curve.Kind == afterwards.Kind
                    ? [new Curve("f(x) learned", Points(x, afterwards.Values), FigureStyle.Colour(2), IsThin: true)]
                    : (Curve[])[],
            ]))),
            () => Panel("All derivatives",
                [.. curves.Select((curve, i) => new Curve(curve.Name.Split(',')[0], Points(x, curve.Derivatives), FigureStyle.Colour(i)))]),
        ];
    }

    private static Plot Panel(string title, IReadOnlyList<Curve> curves)
    {
        Plot plot = CurvePanel.Create(title, "x", string.Empty, curves);
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { TickDensity = 0.6 };
        plot.ShowLegend(curves.Count == 3 ? Alignment.UpperCenter : Alignment.UpperLeft);
        return plot;
    }
}
