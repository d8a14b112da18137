using CsCheck;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class CounterRandomTests
{
    private static readonly CounterRandom Stream = new(0xFEDC_BA98_7654_3210, RandomStream.Dropout, 5, 0x1_0000_0002);

    [Fact]
    public void Word_comes_from_the_documented_key_and_counter()
    {
        (uint, uint, uint w2, uint) block =
            Philox4x32.Block((3 + (1u << 28), 5, 2, 1), (0x7654_3210, 0xFEDC_BA98));
        Assert.Equal(block.w2, Stream.Word(14));
    }

    [Fact]
    public void Fill_gives_the_words_from_any_start_in_any_length() =>
        Gen.Select(Gen.Int[0, 100], Gen.Int[0, 70]).Sample((start, length) =>
        {
            uint[] words = new uint[length];
            Stream.Fill(words, start);
            float[] uniforms = new float[length];
            Stream.FillUniform(uniforms, start);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(Stream.Word(start + i), words[i]);
                Assert.Equal(Stream.Uniform(start + i), uniforms[i]);
            }
        });

    [Fact]
    public void Fill_crosses_its_batches_without_a_seam()
    {
        float[] uniforms = new float[1000];
        Stream.FillUniform(uniforms, 2);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(Stream.Uniform(i + 2), uniforms[i]));
    }

    [Fact]
    public void Streams_that_differ_in_one_part_share_no_block()
    {
        CounterRandom[] streams =
        [
            Stream, Stream with { Seed = 1 }, Stream with { Seed = Stream.Seed ^ (1UL << 63) }, Stream with { A = 6 },
            Stream with { B = 2 }, Stream with { B = 0x1_0000_0003 }, Stream with { Purpose = RandomStream.SyntheticData },
        ];
        HashSet<(uint, uint)> pairs = [.. streams.SelectMany(stream => Enumerable.Range(0, 200)
            .Select(i => (stream.Word(4 * i), stream.Word((4 * i) + 1))))];
        Assert.Equal(200 * streams.Length, pairs.Count);
    }

    [Fact]
    public void Conversions_reach_their_ends_and_no_further()
    {
        Assert.Equal(0f, CounterRandom.ToUniform(0xFF));
        Assert.Equal(1f - (1f / (1 << 24)), CounterRandom.ToUniform(uint.MaxValue));
        Assert.Equal(0.5f, CounterRandom.ToUniform(0x8000_0000));
        Assert.Equal(1 - (1.0 / (1L << 53)), CounterRandom.ToUniform(uint.MaxValue, uint.MaxValue));
        Assert.Equal(0.5, CounterRandom.ToUniform(0x8000_0000, 0));
        Assert.Equal(0, CounterRandom.ToBounded(0, 10));
        Assert.Equal(9, CounterRandom.ToBounded(uint.MaxValue, 10));
        Assert.Equal(int.MaxValue - 1, CounterRandom.ToBounded(uint.MaxValue, int.MaxValue));
    }

    [Fact]
    public void Below_spreads_evenly()
    {
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[Stream.Below(7, i)]++;
        }

        // Six standard deviations of a count of mean 10,000 are 556.
        Assert.All(counts, count => Assert.InRange(count, 9_444, 10_556));
    }

    [Fact]
    public void UniformDouble_spreads_evenly()
    {
        double mean = Enumerable.Range(0, 100_000).Average(Stream.UniformDouble);
        Assert.InRange(mean, 0.5 - 0.0055, 0.5 + 0.0055);
    }

    [Fact]
    public void Words_beyond_the_stream_and_empty_bounds_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.Word(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.Word(CounterRandom.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.Fill(new uint[2], CounterRandom.Length - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.UniformDouble(CounterRandom.Length / 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Stream.Below(0, 0));
        Assert.Throws<InvalidOperationException>(() => (Stream with { Purpose = (RandomStream)16 }).Word(0));
    }
}
