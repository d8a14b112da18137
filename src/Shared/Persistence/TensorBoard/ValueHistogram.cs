using System.Collections.Immutable;
using NnCluster.Persistence.TensorBoard;

namespace NnCluster.Persistence;

/// <summary>
/// Histogram of the finite values of a tensor, in buckets of equal width between the least and the greatest. Bucket i counts
/// the values from limit i-1 to limit i; the first begins at <see cref="Min"/>.
/// </summary>
internal sealed record ValueHistogram
{
    /// <summary>Buckets of a histogram whose values are not all equal: the number that TensorBoard shows.</summary>
    public const int Buckets = 30;

    /// <summary>Least value.</summary>
    public required double Min { get; init; }

    /// <summary>Greatest value.</summary>
    public required double Max { get; init; }

    /// <summary>Sum of the values.</summary>
    public required double Sum { get; init; }

    /// <summary>Sum of the squares of the values.</summary>
    public required double SumOfSquares { get; init; }

    /// <summary>Upper limits of the buckets, rising; the last is <see cref="Max"/>.</summary>
    public required ImmutableArray<double> Limits { get; init; }

    /// <summary>Values in each bucket.</summary>
    public required ImmutableArray<long> Counts { get; init; }

    /// <summary>The histogram of some values; null if none of them is finite.</summary>
    public static ValueHistogram? Of(ReadOnlySpan<float> values)
    {
        (double min, double max) = (double.PositiveInfinity, double.NegativeInfinity);
        (double sum, double squares) = (0, 0);
        foreach (float value in values)
        {
            if (float.IsFinite(value))
            {
                min = Math.Min(min, value);
                max = Math.Max(max, value);
                sum += value;
                squares += (double)value * value;
            }
        }

        if (min > max)
        {
            return null;
        }

        int buckets = min < max ? Buckets : 1;
        return new()
        {
            Min = min,
            Max = max,
            Sum = sum,
            SumOfSquares = squares,
            Limits = [.. Enumerable.Range(1, buckets).Select(i => i == buckets ? max : min + (i * (max - min) / buckets))],
            Counts = Count(values, min, max, buckets),
        };
    }

    /// <summary>The histogram as a message.</summary>
    public HistogramProto ToProto() => new()
    {
        Min = Min,
        Max = Max,
        Num = Counts.Sum(),
        Sum = Sum,
        SumSquares = SumOfSquares,
        BucketLimit = { Limits },
        Bucket = { Counts.Select(count => (double)count) },
    };

    private static ImmutableArray<long> Count(ReadOnlySpan<float> values, double min, double max, int buckets)
    {
        long[] counts = new long[buckets];
        double perWidth = min < max ? buckets / (max - min) : 0;
        foreach (float value in values)
        {
            if (float.IsFinite(value))
            {
                counts[Math.Min((int)((value - min) * perWidth), buckets - 1)]++;
            }
        }

        return [.. counts];
    }
}
