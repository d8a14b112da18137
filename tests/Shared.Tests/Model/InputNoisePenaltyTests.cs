using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>
/// C. M. Bishop, "Training with noise is equivalent to Tikhonov regularization", 1995: for a linear model and the squared
/// error, the expected loss with noise of deviation σ on the inputs is the loss without plus σ²‖w‖²; the bias is not penalised.
/// </summary>
public sealed class InputNoisePenaltyTests
{
    private const float Sigma = 0.6f;
    private const int Rows = 64;
    private const int Inputs = 3;

    private static readonly ModelSpec Noisy = new() { Inputs = Inputs, Outputs = 1, Loss = LossKind.MeanSquaredError, InputNoise = Sigma };
    private static readonly float[] True = [1f, -2f, 0.5f];

    // Three columns of ±1 (a full factorial design): each has mean 0 and variance 1, and they are orthogonal.
    private static readonly float[] Features =
        [.. Enumerable.Range(0, Rows * Inputs).Select(i => ((i / Inputs) >> (i % Inputs) & 1) == 0 ? -1f : 1f)];

    private static readonly float[] Targets =
        [.. Enumerable.Range(0, Rows).Select(row => 4f + Enumerable.Range(0, Inputs).Sum(j => True[j] * Features[(row * Inputs) + j]))];

    [Fact]
    public void In_expectation_the_noise_adds_sigma_squared_times_the_squared_norm_of_the_weights()
    {
        const int Steps = 4000;
        float[] weights = [0.7f, -1.2f, 2f];
        float[] clean = Gradient(Noisy with { InputNoise = 0f }, weights, bias: 3f, step: 0);
        using Network network = new(Noisy, new PlainBlas(), Rows);
        ParameterLayout layout = network.Layout;
        int first = layout.Find(ParameterKind.Weight, 0).Offset;
        int bias = layout.Find(ParameterKind.Bias, 0).Offset;
        float[][] noisy = [.. Enumerable.Range(0, Steps).Select(step => Gradient(network, weights, bias: 3f, step))];

        double squaredNorm = weights.Sum(w => (double)w * w);
        AssertMean(clean[layout.LossOffset] + (Rows * Sigma * Sigma * squaredNorm), noisy, layout.LossOffset);
        for (int j = 0; j < Inputs; j++)
        {
            AssertMean(clean[first + j] + (2 * Rows * Sigma * Sigma * weights[j]), noisy, first + j);
        }

        AssertMean(clean[bias], noisy, bias);
    }

    [Fact]
    public void Descent_ends_at_the_solution_of_ridge_regression()
    {
        // The columns are orthogonal with variance 1, so each ridge weight is the true one / (1 + σ²); the bias stays.
        const int Steps = 6000;
        const int Averaged = 3000;
        using Network network = new(Noisy, new PlainBlas(), Rows);
        int first = network.Layout.Find(ParameterKind.Weight, 0).Offset;
        int biasOffset = network.Layout.Find(ParameterKind.Bias, 0).Offset;
        float[] weights = new float[Inputs];
        float bias = 0f;
        double[] mean = new double[Inputs + 1];
        for (int step = 0; step < Steps; step++)
        {
            float[] gradient = Gradient(network, weights, bias, step);
            for (int j = 0; j < Inputs; j++)
            {
                weights[j] -= 0.02f * gradient[first + j] / Rows;
                mean[j] += step < Steps - Averaged ? 0 : weights[j] / (double)Averaged;
            }

            bias -= 0.02f * gradient[biasOffset] / Rows;
            mean[Inputs] += step < Steps - Averaged ? 0 : bias / (double)Averaged;
        }

        for (int j = 0; j < Inputs; j++)
        {
            Assert.Equal(True[j] / (1 + (Sigma * Sigma)), mean[j], 0.02);
        }

        Assert.Equal(4, mean[Inputs], 0.02);
    }

    /// <summary>Within five standard errors, which must be small beside the penalty's share.</summary>
    private static void AssertMean(double expected, float[][] draws, int index)
    {
        double mean = draws.Average(draw => (double)draw[index]);
        double error = Math.Sqrt(draws.Average(draw => (draw[index] - mean) * (draw[index] - mean)) / draws.Length);
        Assert.InRange(mean, expected - (5 * error), expected + (5 * error));
        Assert.True(error < 1.5, $"A standard error of {error} proves nothing.");
    }

    private static float[] Gradient(ModelSpec spec, float[] weights, float bias, int step)
    {
        using Network network = new(spec, new PlainBlas(), Rows);
        return Gradient(network, weights, bias, step);
    }

    private static float[] Gradient(Network network, float[] weights, float bias, int step)
    {
        float[] state = new float[network.Layout.StateLength];
        weights.CopyTo(network.Layout.Find(ParameterKind.Weight, 0).Of(state.AsSpan()));
        network.Layout.Find(ParameterKind.Bias, 0).Of(state.AsSpan())[0] = bias;
        float[] gradient = new float[network.Layout.GradientLength];
        network.Load(state);
        ShardRows rows = new() { Count = Rows, Features = Features, Targets = Targets, Seed = 1, Step = step };
        network.ComputeGradient(rows, state, gradient, accumulate: false);
        return gradient;
    }
}
