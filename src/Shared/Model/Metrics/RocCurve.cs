using System.Numerics.Tensors;

namespace NnCluster.Model;

/// <summary>
/// Area under the curve of the receiver operating characteristic: the probability that a row of the class has a larger score
/// than a row of another class, with equal scores counted half.
/// </summary>
/// <remarks>
/// With P positive and N negative rows, the area is U / (P·N), where U is the number of pairs in which the positive row has the
/// larger score, plus half the number of ties (Mann and Whitney 1947). 2U is an integer that fits into 64 bits, so the area is
/// exact up to one rounding, and the order of the rows does not change it.
/// </remarks>
internal static class RocCurve
{
    /// <summary>
    /// With two classes, the area for the scores of the second class. With more, the mean over the classes of the areas of one
    /// class against the rest; classes without positive or without negative rows are left out. NaN if no class is left or a
    /// score is NaN.
    /// </summary>
    /// <param name="scores">(rows, classes), row-major.</param>
    /// <param name="labels">Class of each row, (rows).</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    public static double MeanArea(ReadOnlySpan<float> scores, ReadOnlySpan<int> labels, int classes)
    {
        if (float.IsNaN(TensorPrimitives.Max(scores)))
        {
            return double.NaN;
        }

        ulong[] keys = GC.AllocateUninitializedArray<ulong>(labels.Length);
        double sum = 0;
        int count = 0;
        for (int c = classes == 2 ? 1 : 0; c < classes; c++)
        {
            if (Area(scores, labels, classes, c, keys) is double area)
            {
                sum += area;
                count++;
            }
        }

        return count == 0 ? double.NaN : sum / count;
    }

    /// <summary>Area of one class against the rest; null without positive or without negative rows.</summary>
    /// <param name="scores">(rows, classes), row-major, without NaN.</param>
    /// <param name="labels">Class of each row, (rows).</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="positive">The class.</param>
    /// <param name="keys">Workspace, (rows).</param>
    private static double? Area(ReadOnlySpan<float> scores, ReadOnlySpan<int> labels, int classes, int positive, Span<ulong> keys)
    {
        long positives = labels.Count(positive);
        long negatives = labels.Length - positives;
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        for (int i = 0; i < labels.Length; i++)
        {
            keys[i] = ((ulong)Rank(scores[(i * classes) + positive]) << 1) | (labels[i] == positive ? 1UL : 0UL);
        }

        keys.Sort();
        return CountPairs(keys) / (2.0 * positives * negatives);
    }

    /// <summary>2U of sorted keys, each a rank times 2, plus 1 in a positive row.</summary>
    private static long CountPairs(ReadOnlySpan<ulong> keys)
    {
        long doubled = 0;
        long below = 0; // negative rows with a smaller score
        for (int start = 0, end; start < keys.Length; start = end)
        {
            long tiedPositives = 0;
            for (end = start; end < keys.Length && keys[end] >> 1 == keys[start] >> 1; end++)
            {
                tiedPositives += (long)(keys[end] & 1);
            }

            long tiedNegatives = end - start - tiedPositives;
            doubled += tiedPositives * ((2 * below) + tiedNegatives);
            below += tiedNegatives;
        }

        return doubled;
    }

    /// <summary>An integer that orders scores like their values; −0 and 0 have the same.</summary>
    private static uint Rank(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return (int)bits < 0 ? ~bits : bits | 0x8000_0000;
    }
}
