using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class NetworkEvaluationTests
{
    [Fact]
    public void Predictions_are_those_of_the_definition_in_chunks_of_any_size() =>
        Gen.Select(Samples.Specs, Gen.Int[0, 1 << 20], Gen.Int[1, 9]).Sample(
            (spec, seed, maxRows) =>
            {
                Samples samples = new(spec, 7, seed);
                using Network network = new(spec, new PlainBlas(), maxRows);
                float[] outputs = new float[7 * spec.Outputs];
                network.Load(samples.State);
                network.Predict(samples.Features, 7, samples.State, outputs);
                double[][] expected = new ReferenceNetwork(spec).Forward(
                    samples.All(), Array.ConvertAll(samples.State, value => (double)value), training: false);
                Assert.All(
                    expected.SelectMany(row => row).Zip(outputs),
                    pair => Assert.Equal(pair.First, pair.Second, 1e-4 * (1 + Math.Abs(pair.First))));
            },
            iter: 200);

    [Fact]
    public void Evaluation_counts_loss_right_predictions_and_confusions()
    {
        // Logits are the features: the largest feature is the prediction.
        (ParameterLayout layout, float[] state, Network network) = Identity(3, LossKind.CrossEntropy, null);
        using (network)
        {
            float[] metrics = new float[layout.EvaluationLength];
            metrics.AsSpan().Fill(float.NaN);
            ShardRows rows = new() { Count = 4, Features = [9f, 0f, 0f, 0f, 9f, 0f, 0f, 9f, 0f, 0f, 0f, 9f], Labels = [0, 1, 2, 2] };
            network.Evaluate(rows, state, metrics, accumulate: false);
            double right = Math.Log(1 + (2 * Math.Exp(-9)));
            Assert.Equal((4 * right) + 9, metrics[0], 1e-5);
            Assert.Equal([3f, 1f, 0f, 0f, 0f, 1f, 0f, 0f, 1f, 1f], metrics[1..]);

            float[] twice = [.. metrics.Select(value => value + value)];
            network.Evaluate(rows, state, metrics, accumulate: true);
            Assert.Equal(twice, metrics);
        }
    }

    [Fact]
    public void Soft_max_is_stable_for_huge_logits()
    {
        (ParameterLayout layout, float[] state, Network network) = Identity(2, LossKind.CrossEntropy, null);
        using (network)
        {
            float[] outputs = new float[4];
            network.Predict([1e30f, 1e30f, -3000f, 3000f], 2, state, outputs);
            Assert.Equal([0.5f, 0.5f, 0f, 1f], outputs);
            float[] gradient = new float[layout.GradientLength];
            network.ComputeGradient(new() { Count = 1, Features = [-3000f, 3000f], Labels = [0] }, state, gradient, accumulate: false);
            Assert.Equal(6000f, gradient[layout.LossOffset]);
            Assert.Equal([-1f, 1f], layout.Find(ParameterKind.Bias, 0).Of(gradient.AsSpan()).ToArray());
        }
    }

    [Fact]
    public void A_clipped_row_has_the_loss_of_the_clip_and_no_gradient()
    {
        (ParameterLayout layout, float[] state, Network network) = Identity(2, LossKind.CrossEntropy, 1e-10f);
        using (network)
        {
            float[] gradient = new float[layout.GradientLength];
            network.ComputeGradient(new() { Count = 1, Features = [-3000f, 3000f], Labels = [0] }, state, gradient, accumulate: false);
            Assert.Equal(-Math.Log(1e-10), gradient[layout.LossOffset], 1e-5);
            Assert.All(gradient[..layout.LearnedLength], value => Assert.Equal(0f, value));
        }
    }

    [Fact]
    public void A_label_is_a_one_hot_target_of_the_squared_error()
    {
        (ParameterLayout layout, float[] state, Network network) = Identity(3, LossKind.MeanSquaredError, null);
        using (network)
        {
            float[] gradient = new float[layout.GradientLength];
            network.ComputeGradient(new() { Count = 1, Features = [0.5f, 3f, -1f], Labels = [1] }, state, gradient, accumulate: false);
            Assert.Equal((0.25f + 4f + 1f) / 3f, gradient[layout.LossOffset], 1e-6f);
            Assert.Equal(1f, gradient[layout.CorrectOffset]);
            float[] dBias = layout.Find(ParameterKind.Bias, 0).Of(gradient.AsSpan()).ToArray();
            Assert.Equal([1f / 3f, 4f / 3f, -2f / 3f], dBias, (a, b) => MathF.Abs(a - b) < 1e-6f);
        }
    }

    [Fact]
    public void A_label_that_is_no_class_is_refused()
    {
        (ParameterLayout layout, float[] state, Network network) = Identity(2, LossKind.CrossEntropy, null);
        using (network)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => network.Evaluate(
                new() { Count = 1, Features = [1f, 2f], Labels = [2] }, state, new float[layout.EvaluationLength], accumulate: false));
        }
    }

    private static (ParameterLayout Layout, float[] State, Network Network) Identity(int size, LossKind loss, float? clip)
    {
        Network network = new(new() { Inputs = size, Outputs = size, Loss = loss, ClipProbability = clip }, new PlainBlas(), 8);
        float[] state = new float[network.Layout.StateLength];
        for (int i = 0; i < size; i++)
        {
            network.Layout.Find(ParameterKind.Weight, 0).Of(state.AsSpan())[(i * size) + i] = 1f;
        }

        network.Load(state);
        return (network.Layout, state, network);
    }
}
