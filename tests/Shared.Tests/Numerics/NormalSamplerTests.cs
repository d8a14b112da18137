using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class NormalSamplerTests
{
    private static readonly CounterRandom Stream = new(3, RandomStream.Initialization, 1);

    [Fact]
    public void A_pair_is_the_transform_of_Box_and_Muller_of_its_block()
    {
        float[] pair = new float[2];
        NormalSampler.Fill(Stream, pair, start: 10);
        double radius = Math.Sqrt(-2 * Math.Log(1 - Stream.UniformDouble(10)));
        double angle = 2 * Math.PI * Stream.UniformDouble(11);
        Assert.Equal(radius * Math.Cos(angle), pair[0], 1e-6);
        Assert.Equal(radius * Math.Sin(angle), pair[1], 1e-6);
    }

    [Fact]
    public void Any_start_and_length_cut_the_same_sequence()
    {
        float[] whole = new float[600];
        NormalSampler.Fill(Stream, whole);
        for (int start = 0; start < 150; start += 7)
        {
            for (int length = 0; length < 400; length += 13)
            {
                float[] part = new float[length];
                NormalSampler.Fill(Stream, part, start: start);
                Assert.Equal(whole[start..(start + length)], part);
            }
        }
    }

    [Fact]
    public void Moments_are_those_of_the_normal_distribution()
    {
        const int Count = 200_000;
        float[] values = new float[Count];
        NormalSampler.Fill(Stream, values, mean: 2, standardDeviation: 0.5);
        double[] standard = [.. values.Select(value => (value - 2) / 0.5)];
        // Five standard errors: 1, √2, √15, √96 over √count.
        double unit = 5 / Math.Sqrt(Count);
        Assert.InRange(standard.Average(), -unit, unit);
        Assert.InRange(standard.Average(z => z * z), 1 - (1.42 * unit), 1 + (1.42 * unit));
        Assert.InRange(standard.Average(z => z * z * z), -3.9 * unit, 3.9 * unit);
        Assert.InRange(standard.Average(z => z * z * z * z), 3 - (9.8 * unit), 3 + (9.8 * unit));
    }

    [Fact]
    public void The_end_of_the_stream_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => NormalSampler.Fill(Stream, new float[2], start: NormalSampler.Length - 1));
}
