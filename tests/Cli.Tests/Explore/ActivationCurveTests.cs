using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Explore;

public sealed class ActivationCurveTests
{
    public static TheoryData<ActivationKind, float?, Func<double, double>, Func<double, double>> Formulas => new()
    {
        { ActivationKind.Sigmoid, null, Sigmoid, x => Sigmoid(x) * (1 - Sigmoid(x)) },
        { ActivationKind.Tanh, null, Math.Tanh, x => 1 - (Math.Tanh(x) * Math.Tanh(x)) },
        { ActivationKind.Relu, null, x => Math.Max(0, x), x => x > 0 ? 1 : 0 },
        { ActivationKind.LeakyRelu, 0.01f, x => x > 0 ? x : 0.01 * x, x => x > 0 ? 1 : 0.01 },
        { ActivationKind.Prelu, -0.3f, x => x > 0 ? x : -0.3 * x, x => x > 0 ? 1 : -0.3 },
    };

    [Theory]
    [MemberData(nameof(Formulas))]
    public void The_network_s_passes_give_the_function_and_its_derivative(ActivationKind kind, float? slope, Func<double, double> value, Func<double, double> derivative)
    {
        float[] x = ActivationCurve.Grid();

        var curve = ActivationCurve.Compute("f", kind, slope, x);

        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(value(x[i]), curve.Values[i], 1e-6);
            Assert.Equal(derivative(x[i]), curve.Derivatives[i], 1e-6);
        }
    }

    [Fact]
    public void The_grid_goes_from_minus_5_to_5_in_steps_of_0_005()
    {
        float[] x = ActivationCurve.Grid();

        Assert.Equal((2001, -5f, -4.995f, 0f, 5f), (x.Length, x[0], x[1], x[1000], x[^1]));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
