using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class InputNoiseLayerTests
{
    [Fact]
    public void The_noise_is_a_function_of_seed_step_row_and_input()
    {
        float[] whole = Noise(seed: 1, step: 2, firstRow: 0, rows: 12);
        float[] shards = [.. Noise(1, 2, 0, 5), .. Noise(1, 2, 5, 3), .. Noise(1, 2, 8, 4)];
        Assert.Equal(whole, shards);
        Assert.Equal(whole.Length, whole.Distinct().Count());
        Assert.Empty(whole.Intersect(Noise(2, 2, 0, 12)));
        Assert.Empty(whole.Intersect(Noise(1, 3, 0, 12)));
        Assert.Equal(whole[45..], Noise(1, 2, 1, 11));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(784)]
    public void Every_input_gets_the_noise_of_its_place_in_the_stream(int inputs)
    {
        const int Rows = 3;
        float[] x = [.. Enumerable.Range(0, Rows * inputs).Select(i => i % 5 / 4f)];
        using InputNoiseLayer layer = new(0.25f, inputs, Rows);
        float[] noisy = layer.Forward(new(Rows, Training: true, 11, 1L << 33, 6), x).ToArray();
        for (int i = 0; i < x.Length; i++)
        {
            double expected = x[i] + (0.25 * ReferenceNetwork.Noise(11, 1L << 33, 6 + (i / inputs), inputs, i % inputs));
            Assert.Equal(expected, noisy[i], 1e-4);
        }
    }

    [Fact]
    public void The_noise_has_mean_zero_and_its_deviation_and_is_independent_across_rows_inputs_and_steps()
    {
        const int Rows = 400;
        const int Inputs = 100;
        const int Count = Rows * Inputs;
        using InputNoiseLayer layer = new(0.5f, Inputs, Rows);
        float[] zeros = new float[Count];
        float[] step0 = layer.Forward(new(Rows, Training: true, 3, 0, 0), zeros).ToArray();
        float[] step1 = layer.Forward(new(Rows, Training: true, 3, 1, 0), zeros).ToArray();
        double unit = 5 / Math.Sqrt(Count); // five standard errors of a mean
        Assert.InRange(step0.Average(), -0.5 * unit, 0.5 * unit);
        Assert.InRange(step0.Average(z => (double)z * z), 0.25 * (1 - (1.42 * unit)), 0.25 * (1 + (1.42 * unit)));
        AssertUncorrelated(step0, step1);
        AssertUncorrelated(step0[Inputs..], step0[..^Inputs]); // the row above
        AssertUncorrelated(step0[1..], step0[..^1]); // the input beside
        AssertUncorrelated(step0[64..], step0[..^64]); // the sine of the same pair of words
        for (int input = 0; input < Inputs; input++)
        {
            double mean = Enumerable.Range(0, Rows).Average(row => step0[(row * Inputs) + input]);
            Assert.InRange(mean, -0.5 * 5 / Math.Sqrt(Rows), 0.5 * 5 / Math.Sqrt(Rows));
        }
    }

    [Fact]
    public void Noise_and_dropout_of_the_inputs_use_different_words()
    {
        uint[] noise = new uint[4096], dropout = new uint[4096];
        new CounterRandom(5, RandomStream.InputNoise, B: 9).Fill(noise);
        new CounterRandom(5, RandomStream.Dropout, B: 9).Fill(dropout);
        Assert.InRange(noise.Intersect(dropout).Count(), 0, 2);
    }

    [Fact]
    public void Dropout_comes_after_the_noise_and_drops_it_too()
    {
        // A linear model with one output and one row: the gradient of a weight is that of the bias times what the weight saw.
        const int Inputs = 40;
        ModelSpec spec = new() { Inputs = Inputs, Outputs = 1, Loss = LossKind.MeanSquaredError, InputNoise = 2f, InputDropout = 0.5f };
        Samples samples = new(spec, 1, 4);
        using Network network = new(spec, new PlainBlas(), 1);
        float[] gradient = samples.Gradient(network, 0, 1);
        ParameterView weights = samples.Layout.Find(ParameterKind.Weight, 0);
        float dOutput = samples.Layout.Find(ParameterKind.Bias, 0).Of((ReadOnlySpan<float>)gradient)[0];
        int dropped = 0;
        for (int i = 0; i < Inputs; i++)
        {
            bool keeps = ReferenceNetwork.Keeps(0.5f, 42, 5, 0, 0, Inputs, i);
            double x = keeps ? 2 * (samples.Features[i] + (2 * ReferenceNetwork.Noise(42, 5, 0, Inputs, i))) : 0;
            Assert.Equal(dOutput * x, gradient[weights.Offset + i], 1e-4 * (1 + Math.Abs(dOutput * x)));
            dropped += keeps ? 0 : 1;
        }

        Assert.InRange(dropped, 8, 32);
    }

    [Fact]
    public void A_batch_with_more_values_than_random_words_is_refused()
    {
        using InputNoiseLayer layer = new(0.5f, 4, 1);
        int last = (CounterRandom.Length / 32) - 1;
        Assert.Equal(4, layer.Forward(new(1, Training: true, 1, 2, last), [1f, 1f, 1f, 1f]).Length);
        BadInputException exception = Assert.Throws<BadInputException>(
            () => layer.Forward(new(1, Training: true, 1, 2, last + 1), [1f, 1f, 1f, 1f]));
        Assert.Contains($"up to {last + 1} rows, not {last + 2}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluation_adds_nothing()
    {
        ModelSpec spec = new() { Inputs = 6, Outputs = 3, InputNoise = 0.5f, Hidden = [new() { Units = 8 }] };
        Samples samples = new(spec, 5, 1);
        ModelSpec plain = spec with { InputNoise = 0f };
        Assert.Equal(Predict(plain, samples), Predict(spec, samples));
        Assert.Equal(Evaluate(plain, samples), Evaluate(spec, samples));
        using Network noisy = new(spec, new PlainBlas(), 5), clean = new(plain, new PlainBlas(), 5);
        Assert.NotEqual(samples.Gradient(clean, 0, 5), samples.Gradient(noisy, 0, 5));
    }

    private static void AssertUncorrelated(float[] a, float[] b)
    {
        double correlation = a.Zip(b).Average(pair => pair.First * pair.Second / 0.25);
        Assert.InRange(correlation, -5 / Math.Sqrt(a.Length), 5 / Math.Sqrt(a.Length));
    }

    private static float[] Predict(ModelSpec spec, Samples samples)
    {
        using Network network = new(spec, new PlainBlas(), 2);
        float[] outputs = new float[samples.Count * spec.Outputs];
        network.Load(samples.State);
        network.Predict(samples.Features, samples.Count, samples.State, outputs);
        return outputs;
    }

    private static float[] Evaluate(ModelSpec spec, Samples samples)
    {
        using Network network = new(spec, new PlainBlas(), samples.Count);
        float[] metrics = new float[samples.Layout.EvaluationLength];
        network.Load(samples.State);
        network.Evaluate(samples.All(), samples.State, metrics, accumulate: false);
        return metrics;
    }

    private static float[] Noise(ulong seed, long step, int firstRow, int rows)
    {
        const int Inputs = 45;
        using InputNoiseLayer layer = new(1f, Inputs, rows);
        return layer.Forward(new(rows, Training: true, seed, step, firstRow), new float[rows * Inputs]).ToArray();
    }
}
