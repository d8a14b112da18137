using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class DropoutLayerTests
{
    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void Inverted_dropout_equals_vanilla_dropout_in_expectation(float rate)
    {
        // Vanilla dropout multiplies by a 0/1 mask in training and by the keep probability in evaluation. Inverted dropout in
        // training must have, for the same masks, vanilla's training output / keep, and so the mean of the plain input.
        const int Units = 64;
        const int Rows = 4000;
        float keep = 1f - rate;
        float[] x = [.. Enumerable.Range(0, Rows * Units).Select(i => 1f + (i % Units))];
        using DropoutLayer layer = new(rate, 1, Units, Rows);
        float[] inverted = layer.Forward(new(Rows, Training: true, 7, 3, 0), x).ToArray();
        double[] means = new double[Units];
        for (int i = 0; i < x.Length; i++)
        {
            float vanilla = ReferenceNetwork.Keeps(rate, 7, 3, 1, i / Units, Units, i % Units) ? x[i] : 0f;
            Assert.Equal(vanilla / keep, inverted[i], 2e-4f * x[i] / keep);
            means[i % Units] += inverted[i] / (double)Rows;
        }

        for (int j = 0; j < Units; j++)
        {
            double evaluationOutput = 1 + j;
            double deviation = evaluationOutput * Math.Sqrt(rate / keep / Rows);
            Assert.InRange(means[j], evaluationOutput - (5 * deviation), evaluationOutput + (5 * deviation));
        }
    }

    [Fact]
    public void The_mask_is_a_function_of_seed_step_site_row_and_unit()
    {
        float[] whole = Mask(seed: 1, step: 2, site: 1, firstRow: 0, rows: 12);
        float[] shards = [.. Mask(1, 2, 1, 0, 5), .. Mask(1, 2, 1, 5, 3), .. Mask(1, 2, 1, 8, 4)];
        Assert.Equal(whole, shards);
        Assert.NotEqual(whole, Mask(2, 2, 1, 0, 12));
        Assert.NotEqual(whole, Mask(1, 3, 1, 0, 12));
        Assert.NotEqual(whole, Mask(1, 2, 2, 0, 12));
        Assert.NotEqual(whole, Mask(1, 2, 1, 1, 12));
    }

    [Fact]
    public void Backward_scales_by_the_mask_of_the_forward_pass()
    {
        using DropoutLayer layer = new(0.5f, 1, 13, 4);
        float[] ones = [.. Enumerable.Repeat(1f, 52)];
        float[] outputs = layer.Forward(new(4, Training: true, 1, 2, 0), ones).ToArray();
        layer.Backward(ones);
        Assert.Equal(outputs, ones);
        Assert.Contains(0f, ones);
        Assert.Contains(2f, ones);
    }

    [Fact]
    public void A_batch_with_more_values_than_random_words_is_refused()
    {
        using DropoutLayer layer = new(0.5f, 1, 4, 1);
        int last = (CounterRandom.Length / 2) - 1;
        Assert.Equal(4, layer.Forward(new(1, Training: true, 1, 2, last), [1f, 1f, 1f, 1f]).Length);
        Assert.Throws<BadInputException>(() => layer.Forward(new(1, Training: true, 1, 2, last + 1), [1f, 1f, 1f, 1f]));
    }

    [Theory]
    [InlineData(1e-9f, 0u)]
    [InlineData(0.25f, 16384u)]
    [InlineData(0.9999999f, 65535u)]
    public void The_rate_is_rounded_to_sixteen_bits_and_never_drops_everything(float rate, uint threshold) =>
        Assert.Equal(threshold, DropoutLayer.Threshold(rate));

    [Fact]
    public void Evaluation_drops_nothing()
    {
        ModelSpec spec = new() { Inputs = 6, Outputs = 3, InputDropout = 0.5f, Hidden = [new() { Units = 8, Dropout = 0.5f }] };
        Samples samples = new(spec, 5, 1);
        ModelSpec plain = spec with { InputDropout = 0f, Hidden = [new() { Units = 8 }] };
        Assert.Equal(Predict(plain, samples), Predict(spec, samples));
    }

    private static float[] Predict(ModelSpec spec, Samples samples)
    {
        using Network network = new(spec, new PlainBlas(), 2);
        float[] outputs = new float[samples.Count * spec.Outputs];
        network.Load(samples.State);
        network.Predict(samples.Features, samples.Count, samples.State, outputs);
        return outputs;
    }

    private static float[] Mask(ulong seed, long step, int site, int firstRow, int rows)
    {
        const int Units = 13;
        using DropoutLayer layer = new(0.4f, site, Units, rows);
        float[] ones = [.. Enumerable.Repeat(1f, rows * Units)];
        return layer.Forward(new(rows, Training: true, seed, step, firstRow), ones).ToArray();
    }
}
