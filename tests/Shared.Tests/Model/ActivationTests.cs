using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>Every activation against its formula and derivative, at lengths around every vector width.</summary>
public sealed class ActivationTests
{
    private const float Slope = 0.2f;

    public static TheoryData<ActivationKind> Kinds => [.. Enum.GetValues<ActivationKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Forward_is_the_formula_and_backward_its_derivative_at_every_length(ActivationKind kind)
    {
        for (int units = 1; units <= 40; units++)
        {
            const int Rows = 3;
            float[] x = [.. Enumerable.Range(0, Rows * units).Select(i => 0.37f * ((i * 7 % 31) - 15))];
            float[] y = [.. x];
            float[] dX = [.. Enumerable.Range(0, x.Length).Select(i => 0.5f + (0.1f * (i % 9)))];
            float[] dY = [.. dX];
            float[] gradient = new float[64];
            using IInPlaceLayer layer = Create(kind, units, Rows);
            ShardPass pass = new(Rows, Training: true, 0, 0, 0);
            layer.Forward(pass, [Slope], y);
            layer.Backward(pass, [Slope], y, dX, gradient);
            for (int i = 0; i < x.Length; i++)
            {
                Assert.Equal(ReferenceNetwork.Activate(kind, Slope, x[i]), y[i], 1e-6);
                Assert.Equal(dY[i] * Derivative(kind, x[i]), dX[i], 1e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_NaN_is_not_hidden(ActivationKind kind)
    {
        float[] values = [1f, float.NaN, -1f];
        using IInPlaceLayer layer = Create(kind, 3, 1);
        layer.Forward(new(1, Training: true, 0, 0, 0), [Slope], values);
        Assert.Equal([false, true, false], values.Select(float.IsNaN));
    }

    [Fact]
    public void The_slope_of_PReLU_gathers_the_negative_inputs()
    {
        float[] values = [1f, -2f, 0f, -4f];
        float[] dValues = [10f, 3f, 7f, 5f];
        float[] gradient = new float[1];
        using IInPlaceLayer layer = Create(ActivationKind.Prelu, 2, 2);
        ShardPass pass = new(2, Training: true, 0, 0, 0);
        layer.Forward(pass, [-0.5f], values);
        Assert.Equal([1f, 1f, 0f, 2f], values);
        layer.Backward(pass, [-0.5f], values, dValues, gradient);
        Assert.Equal((-2f * 3f) + (-4f * 5f), gradient[0]);
        Assert.Equal([10f, -1.5f, -3.5f, -2.5f], dValues);
    }

    /// <summary>ReLU′(0) = 0; leaky ReLU and PReLU have their slope at 0.</summary>
    private static double Derivative(ActivationKind kind, double x)
    {
        double y = ReferenceNetwork.Activate(kind, Slope, x);
        return kind switch
        {
            ActivationKind.Relu => x > 0 ? 1 : 0,
            ActivationKind.Sigmoid => (1 - y) * y,
            ActivationKind.Tanh => 1 - (y * y),
            _ => x > 0 ? 1 : Slope,
        };
    }

    private static IInPlaceLayer Create(ActivationKind kind, int units, int rows)
    {
        float? slope = kind is ActivationKind.LeakyRelu or ActivationKind.Prelu ? Slope : null;
        LayerSpec spec = LayerKinds.Of(kind, slope, "layer");
        ParameterView[] tensors =
            [.. spec.Parameters(units).Select(tensor => new ParameterView(tensor.Name, tensor.Kind, tensor.Shape, 0, 0))];
        return spec.Create(new(new("test", 0, units, spec.Parameters(units)), "test0", [.. tensors], ActiveCountsOffset: 0), rows);
    }
}
