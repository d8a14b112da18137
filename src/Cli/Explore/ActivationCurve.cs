using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Cli.Explore;

/// <summary>Activation function on a grid: values by a network's forward pass, and derivatives by its backward pass.</summary>
/// <param name="Name">Name in the figure.</param>
/// <param name="Kind">The function.</param>
/// <param name="Values">f(x) of each x of the grid.</param>
/// <param name="Derivatives">f′(x) of each x of the grid.</param>
internal sealed record ActivationCurve(string Name, ActivationKind Kind, float[] Values, float[] Derivatives)
{
    private const int PointsPerUnit = 200;
    private const int Reach = 5;

    /// <summary>Returns x from -5 to 5 in steps of 0.005, both ends included.</summary>
    public static float[] Grid() =>
        [.. Enumerable.Range(-Reach * PointsPerUnit, (2 * Reach * PointsPerUnit) + 1).Select(i => (float)i / PointsPerUnit)];

    /// <summary>
    /// Computes f(x) by the network 1·f(1·x + 0) + 0. With the squared error against a target 0.5 below the output, the gradient
    /// of the hidden bias is 2·0.5·f′(x).
    /// </summary>
    public static ActivationCurve Compute(string name, ActivationKind kind, float? slope, float[] x)
    {
        var spec = new ModelSpec
        {
            Inputs = 1,
            Outputs = 1,
            Hidden = [new() { Units = 1, Activation = kind, Slope = slope }],
            Loss = LossKind.MeanSquaredError,
        };
        using IModel network = spec.CreateModel(new SimdBlas(), maxRows: 1);
        ParameterLayout layout = network.Layout;
        Span<float> state = new float[layout.StateLength];
        layout.Find(ParameterKind.Weight, 0).Of(state)[0] = 1;
        layout.Find(ParameterKind.Weight, 1).Of(state)[0] = 1;
        if (kind == ActivationKind.Prelu)
        {
            layout.Find(ParameterKind.Slope, 0).Of(state)[0] = slope ?? throw new ArgumentNullException(nameof(slope));
        }

        network.Load(state);
        float[] values = new float[x.Length];
        network.Predict(x, x.Length, state, values);
        float[] derivatives = new float[x.Length];
        Span<float> gradient = new float[layout.GradientLength];
        ParameterView bias = layout.Find(ParameterKind.Bias, 0);
        for (int i = 0; i < x.Length; i++)
        {
            float target = values[i] - 0.5f;
            var row = new ShardRows { Count = 1, Features = x.AsSpan(i, 1), Targets = [target] };
            network.ComputeGradient(row, state, gradient, accumulate: false);
            derivatives[i] = bias.Of(gradient)[0] / (2 * (values[i] - target));
        }

        return new(name, kind, values, derivatives);
    }
}
