using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NnCluster.Optimization;

/// <summary>
/// Sum in one fixed order on any hardware: element i is added to partial sum i mod 16, in double precision, and the sixteen
/// partial sums are added from the first to the last.
/// </summary>
internal static class OrderedSums
{
    private const int Lanes = 16;

    /// <summary>Σx². A product of two floats is exact in double precision, so only the additions round.</summary>
    public static double Squares(ReadOnlySpan<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<double> sum0 = default, sum4 = default, sum8 = default, sum12 = default;
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            (Vector256<double> x0, Vector256<double> x4) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i));
            (Vector256<double> x8, Vector256<double> x12) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i + 8));
            sum0 += x0 * x0;
            sum4 += x4 * x4;
            sum8 += x8 * x8;
            sum12 += x12 * x12;
        }

        Span<double> partial = stackalloc double[Lanes];
        sum0.CopyTo(partial);
        sum4.CopyTo(partial[4..]);
        sum8.CopyTo(partial[8..]);
        sum12.CopyTo(partial[12..]);
        for (int lane = 0; i < values.Length; i++, lane++)
        {
            double x = values[i];
            partial[lane] += x * x;
        }

        double sum = 0;
        foreach (double value in partial)
        {
            sum += value;
        }

        return sum;
    }
}
