using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class NetworkGradientTests
{
    private static readonly PlainBlas Blas = new();

    [Fact]
    public void Gradients_agree_with_differences_of_the_definition_in_random_networks()
    {
        Gen.Select(Samples.Specs, Gen.Int[4, 10], Gen.Int[0, 1 << 20], Gen.Bool).Sample(
            (random, rows, seed, regression) =>
            {
                // Batch norm in the first layer only: over a few rows of a deep layer the deviation may be near 0.
                ModelSpec spec = random with
                {
                    Hidden = [.. random.Hidden.Select((layer, i) => layer with { BatchNorm = layer.BatchNorm && i == 0 })],
                };
                Samples samples = new(spec, rows, seed) { Regression = regression && spec.Loss == LossKind.MeanSquaredError };
                using Network network = new(spec, Blas, rows);
                float[] gradient = samples.Gradient(network, 0, rows);
                double[] state = Array.ConvertAll(samples.State, value => (double)value);
                ReferenceNetwork reference = new(spec);
                double loss = reference.Loss(samples.All(), state, training: true);
                AssertClose(loss, gradient[samples.Layout.LossOffset], loss, "loss");
                foreach (ParameterView view in samples.Layout.Tensors.Where(view => view.IsLearned))
                {
                    for (int i = 0; i < Math.Min(view.Length, 12); i++)
                    {
                        int index = view.Offset + (i * 7 % view.Length);
                        if (Derivative(reference, samples, state, index) is double expected)
                        {
                            AssertClose(expected, gradient[index], loss, $"{view.Name}[{index - view.Offset}] of {spec.ToJson()}");
                        }
                    }
                }
            },
            iter: 1000);
    }

    /// <summary>The central difference; null at a kink, that is if two step sizes disagree.</summary>
    private static double? Derivative(ReferenceNetwork reference, Samples samples, double[] state, int index)
    {
        double coarse = Difference(reference, samples, state, index, 1e-4);
        double fine = Difference(reference, samples, state, index, 1e-5);
        return Math.Abs(coarse - fine) < 1e-5 * (1 + Math.Abs(fine)) ? fine : null;
    }

    private static double Difference(ReferenceNetwork reference, Samples samples, double[] state, int index, double step)
    {
        double value = state[index];
        state[index] = value + step;
        double above = reference.Loss(samples.All(), state, training: true);
        state[index] = value - step;
        double below = reference.Loss(samples.All(), state, training: true);
        state[index] = value;
        return (above - below) / (2 * step);
    }

    private static void AssertClose(double expected, float actual, double scale, string what) =>
        Assert.True(
            Math.Abs(expected - actual) <= 2e-4 * (1 + Math.Abs(expected) + Math.Abs(scale)),
            $"{what}: expected {expected}, got {actual}");
}
