using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class ParameterInitializerTests
{
    private static readonly ModelSpec Spec = new()
    {
        Inputs = 120,
        Outputs = 80,
        Hidden =
        [
            new() { Units = 100, BatchNorm = true, Activation = ActivationKind.Prelu },
            new() { Units = 90, Activation = ActivationKind.Prelu, Slope = -1f },
        ],
    };

    [Theory]
    [InlineData(InitializerKind.He)]
    [InlineData(InitializerKind.Xavier)]
    [InlineData(InitializerKind.Normal)]
    [InlineData(InitializerKind.Uniform)]
    public void Weights_have_the_mean_and_deviation_of_their_distribution(InitializerKind kind)
    {
        ModelSpec spec = Spec with { Initializer = new(kind, 0.7f) };
        ParameterLayout layout = ParameterLayout.For(spec);
        float[] state = Initialize(spec, 1);
        foreach (ParameterView view in layout.Tensors.Where(view => view.Kind == ParameterKind.Weight))
        {
            float[] values = view.Of(state.AsSpan()).ToArray();
            double bound = kind == InitializerKind.Xavier ? Math.Sqrt(6.0 / (view.Shape[0] + view.Shape[1])) : 0.7;
            double deviation = kind switch
            {
                InitializerKind.He => Math.Sqrt(2.0 / view.Shape[1]),
                InitializerKind.Normal => 0.7,
                _ => bound / Math.Sqrt(3),
            };
            double mean = values.Average();
            double measured = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            Assert.InRange(mean, -5 * deviation / Math.Sqrt(values.Length), 5 * deviation / Math.Sqrt(values.Length));
            Assert.InRange(measured / deviation, 0.96, 1.04);
            if (kind is InitializerKind.Xavier or InitializerKind.Uniform)
            {
                Assert.InRange(values.Max(Math.Abs), 0.99 * bound, bound);
            }
        }
    }

    [Theory]
    [InlineData(InitializerKind.He, false)]
    [InlineData(InitializerKind.Xavier, false)]
    [InlineData(InitializerKind.Normal, true)]
    [InlineData(InitializerKind.Uniform, true)]
    public void Biases_are_drawn_by_normal_and_uniform_only(InitializerKind kind, bool drawn)
    {
        float[] state = Initialize(Spec with { Initializer = new(kind) }, 1);
        foreach (ParameterView view in ParameterLayout.For(Spec).Tensors.Where(view => view.Kind == ParameterKind.Bias))
        {
            Assert.Equal(drawn, view.Of(state.AsSpan()).ToArray().Distinct().Count() > 70);
            Assert.Equal(drawn, view.Of(state.AsSpan()).ContainsAnyExcept(0f));
        }
    }

    [Fact]
    public void Batch_norm_starts_as_the_identity_and_PReLU_with_its_slope()
    {
        float[] state = Initialize(Spec, 1);
        ParameterLayout layout = ParameterLayout.For(Spec);
        Assert.All(layout.Find(ParameterKind.Scale, 0).Of(state.AsSpan()).ToArray(), value => Assert.Equal(1f, value));
        Assert.All(layout.Find(ParameterKind.Shift, 0).Of(state.AsSpan()).ToArray(), value => Assert.Equal(0f, value));
        Assert.All(layout.Find(ParameterKind.RunningMean, 0).Of(state.AsSpan()).ToArray(), value => Assert.Equal(0f, value));
        Assert.All(layout.Find(ParameterKind.RunningVariance, 0).Of(state.AsSpan()).ToArray(), value => Assert.Equal(1f, value));
        Assert.Equal(0.25f, layout.Find(ParameterKind.Slope, 0).Of(state.AsSpan())[0]);
        Assert.Equal(-1f, layout.Find(ParameterKind.Slope, 1).Of(state.AsSpan())[0]);
    }

    [Fact]
    public void The_seed_decides_the_values_and_every_tensor_has_its_own()
    {
        ModelSpec spec = new() { Inputs = 30, Outputs = 30, Hidden = [new() { Units = 30 }] };
        ParameterLayout layout = ParameterLayout.For(spec);
        float[] state = Initialize(spec, 1);
        Assert.Equal(state, Initialize(spec, 1));
        Assert.NotEqual(state, Initialize(spec, 2));
        Assert.NotEqual(
            layout.Find(ParameterKind.Weight, 0).Of(state.AsSpan()).ToArray(),
            layout.Find(ParameterKind.Weight, 1).Of(state.AsSpan()).ToArray());
    }

    private static float[] Initialize(ModelSpec spec, ulong seed)
    {
        ParameterLayout layout = ParameterLayout.For(spec);
        float[] state = new float[layout.StateLength];
        state.AsSpan().Fill(float.NaN);
        ParameterInitializer.Initialize(layout, seed, state);
        return state;
    }
}
