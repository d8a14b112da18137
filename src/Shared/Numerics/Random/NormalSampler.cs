using System.Runtime.CompilerServices;

namespace NnCluster.Numerics;

/// <summary>
/// Normally distributed numbers with the same bits on every machine, by the transform of Box and Muller (1958): from uniform u, v,
/// √(−2 ln(1 − u))·cos(2πv) and √(−2 ln(1 − u))·sin(2πv). Numbers 2j and 2j + 1 come from block j, words
/// 4j … 4j + 3, of the stream.
/// </summary>
public static class NormalSampler
{
    /// <summary>Normal numbers in a stream: 2²⁹.</summary>
    public const int Length = CounterRandom.Length / 2;

    private const int PairsPerBatch = 64;

    /// <summary>Numbers <paramref name="start"/>, <paramref name="start"/> + 1, … of a stream, computed in double precision.</summary>
    /// <param name="stream">Source of the uniform numbers.</param>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="mean">Expected value.</param>
    /// <param name="standardDeviation">Standard deviation.</param>
    /// <param name="start">Index of the first number.</param>
    /// <exception cref="ArgumentOutOfRangeException">The stream ends before the last number.</exception>
    [SkipLocalsInit]
    public static void Fill(CounterRandom stream, Span<float> destination, double mean = 0, double standardDeviation = 1, int start = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + destination.Length, Length, nameof(start));
        Span<uint> words = stackalloc uint[4 * PairsPerBatch];
        int end = start + destination.Length;
        for (int pair = start / 2; 2 * pair < end; pair += PairsPerBatch)
        {
            int pairs = Math.Min(PairsPerBatch, ((end + 1) / 2) - pair);
            stream.FillBlocks(words[..(4 * pairs)], pair);
            for (int i = 0; i < pairs; i++)
            {
                (double first, double second) = Pair(words.Slice(4 * i, 4));
                int index = (2 * (pair + i)) - start;
                if (index >= 0)
                {
                    destination[index] = (float)(mean + (standardDeviation * first));
                }

                if (index + 1 < destination.Length)
                {
                    destination[index + 1] = (float)(mean + (standardDeviation * second));
                }
            }
        }
    }

    private static (double First, double Second) Pair(ReadOnlySpan<uint> block)
    {
        double radius = Math.Sqrt(-2 * PortableMath.Log(1 - CounterRandom.ToUniform(block[0], block[1])));
        double angle = 2 * Math.PI * CounterRandom.ToUniform(block[2], block[3]);
        return (radius * PortableMath.Cos(angle), radius * PortableMath.Sin(angle));
    }
}
