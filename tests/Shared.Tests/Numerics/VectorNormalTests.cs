using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class VectorNormalTests
{
    private const int Pairs = 200_000;

    [Fact]
    public void A_pair_is_the_transform_of_Box_and_Muller_of_its_words()
    {
        (uint[] radii, uint[] angles) = Words();
        (float[] cosines, float[] sines) = Transform(radii, angles);
        for (int i = 0; i < Pairs; i++)
        {
            AssertPair(radii[i], angles[i], cosines[i], sines[i]);
        }
    }

    [Fact]
    public void The_extreme_words_give_finite_numbers()
    {
        uint[] extremes = [0, 1, 2, 3, 0x3FFF_FFFF, 0x4000_0000, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xBFFF_FFFF, 0xC000_0000, 0xFFFF_FF7F, 0xFFFF_FF80, 0xFFFF_FFFD, 0xFFFF_FFFE, uint.MaxValue];
        foreach (uint radius in extremes)
        {
            (float[] cosines, float[] sines) = Transform([.. Enumerable.Repeat(radius, extremes.Length)], extremes);
            for (int i = 0; i < extremes.Length; i++)
            {
                AssertPair(radius, extremes[i], cosines[i], sines[i]);
            }
        }
    }

    [Fact]
    public void Moments_and_tails_are_those_of_the_normal_distribution()
    {
        (uint[] radii, uint[] angles) = Words();
        (float[] cosines, float[] sines) = Transform(radii, angles);
        foreach (float[] numbers in (float[][])[cosines, sines])
        {
            // Five standard errors: 1, √2, √15, √96 over √count.
            double unit = 5 / Math.Sqrt(Pairs);
            Assert.InRange(numbers.Average(z => (double)z), -unit, unit);
            Assert.InRange(numbers.Average(z => (double)z * z), 1 - (1.42 * unit), 1 + (1.42 * unit));
            Assert.InRange(numbers.Average(z => (double)z * z * z), -3.9 * unit, 3.9 * unit);
            Assert.InRange(numbers.Average(z => (double)z * z * z * z), 3 - (9.8 * unit), 3 + (9.8 * unit));

            // Φ at ±3, ±2, ±1, ±½ and 0: the distribution function, in addition to the moments.
            foreach ((double z, double below) in ((double, double)[])[(-3, 0.00134990), (-2, 0.02275013), (-1, 0.15865525), (-0.5, 0.30853754), (0, 0.5)])
            {
                double error = 5 * Math.Sqrt(below * (1 - below) / Pairs);
                Assert.InRange(numbers.Count(number => number < z) / (double)Pairs, below - error, below + error);
                Assert.InRange(numbers.Count(number => number > -z) / (double)Pairs, below - error, below + error);
            }
        }
    }

    [Fact]
    public void The_two_numbers_of_a_pair_are_uncorrelated_and_so_are_their_squares()
    {
        (uint[] radii, uint[] angles) = Words();
        (float[] cosines, float[] sines) = Transform(radii, angles);
        double unit = 5 / Math.Sqrt(Pairs);
        Assert.InRange(cosines.Zip(sines).Average(pair => (double)pair.First * pair.Second), -unit, unit);
        Assert.InRange(cosines.Zip(sines).Average(pair => ((pair.First * pair.First) - 1.0) * ((pair.Second * pair.Second) - 1.0)), -2 * unit, 2 * unit);
    }

    [Fact]
    public void Lengths_that_differ_or_are_no_whole_vectors_are_refused()
    {
        Assert.Throws<ArgumentException>(() => VectorNormal.Transform(new uint[8], new uint[8], new float[8], new float[8]));
        Assert.Throws<ArgumentException>(() => VectorNormal.Transform(new uint[32], new uint[16], new float[32], new float[32]));
        Assert.Throws<ArgumentException>(() => VectorNormal.Transform(new uint[32], new uint[32], new float[16], new float[32]));
        Assert.Throws<ArgumentException>(() => VectorNormal.Transform(new uint[32], new uint[32], new float[32], new float[48]));
    }

    /// <summary>The numbers of two words in double precision, by the definition of the class.</summary>
    public static (double Cosine, double Sine) Pair(uint radius, uint angle)
    {
        double u = ((radius >> 1) | 1) / 2147483648.0;
        double theta = (int)(angle << 2) * (Math.PI / 4 / 2147483648.0);
        double length = Math.Sqrt(-2 * Math.Log(u));
        (double x, double y) = (angle >> 30) switch
        {
            0 => (Math.Cos(theta), Math.Sin(theta)),
            1 => (Math.Sin(theta), Math.Cos(theta)),
            2 => (-Math.Cos(theta), -Math.Sin(theta)),
            _ => (-Math.Sin(theta), -Math.Cos(theta)),
        };
        return (length * x, length * y);
    }

    private static void AssertPair(uint radius, uint angle, float cosine, float sine)
    {
        (double expectedCosine, double expectedSine) = Pair(radius, angle);
        // For u just below 1, 1 − u has few bits: an absolute error of √(2⁻²⁴) for the smallest radii.
        double tolerance = Math.Sqrt((expectedCosine * expectedCosine) + (expectedSine * expectedSine)) < 0.01 ? 4e-4 : 2e-6;
        Assert.Equal(expectedCosine, cosine, tolerance);
        Assert.Equal(expectedSine, sine, tolerance);
    }

    private static (uint[] Radii, uint[] Angles) Words()
    {
        uint[] words = new uint[2 * Pairs];
        new CounterRandom(7, RandomStream.InputNoise).Fill(words);
        return (words[..Pairs], words[Pairs..]);
    }

    private static (float[] Cosines, float[] Sines) Transform(uint[] radii, uint[] angles)
    {
        (float[] cosines, float[] sines) = (new float[radii.Length], new float[radii.Length]);
        VectorNormal.Transform(radii, angles, cosines, sines);
        return (cosines, sines);
    }
}
