using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NnCluster.Optimization;

/// <summary>
/// Sums in one written order whatever the hardware: element i is added to partial sum i mod 16, in double precision,
/// and the sixteen are added from the first to the last.
/// </summary>
internal static class OrderedSums
{
    private const int Lanes = 16;

    private interface ITerm
    {
        static abstract Vector256<double> Of(Vector256<double> x);

        static abstract double Of(double x);
    }

    /// <summary>Σx². A product of two floats is exact in double precision, so only the additions round.</summary>
    public static double Squares(ReadOnlySpan<float> values) => Sum<Square>(values);

    /// <summary>Σ|x|.</summary>
    public static double Magnitudes(ReadOnlySpan<float> values) => Sum<Magnitude>(values);

    private static double Sum<TTerm>(ReadOnlySpan<float> values)
        where TTerm : struct, ITerm
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<double> sum0 = default, sum4 = default, sum8 = default, sum12 = default;
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            (Vector256<double> x0, Vector256<double> x4) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i));
            (Vector256<double> x8, Vector256<double> x12) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i + 8));
            sum0 += TTerm.Of(x0);
            sum4 += TTerm.Of(x4);
            sum8 += TTerm.Of(x8);
            sum12 += TTerm.Of(x12);
        }

        Span<double> partial = stackalloc double[Lanes];
        sum0.CopyTo(partial);
        sum4.CopyTo(partial[4..]);
        sum8.CopyTo(partial[8..]);
        sum12.CopyTo(partial[12..]);
        for (int lane = 0; i < values.Length; i++, lane++)
        {
            partial[lane] += TTerm.Of((double)values[i]);
        }

        double sum = 0;
        foreach (double value in partial)
        {
            sum += value;
        }

        return sum;
    }

    private readonly struct Square : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Of(Vector256<double> x) => x * x;

        public static double Of(double x) => x * x;
    }

    private readonly struct Magnitude : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<double> Of(Vector256<double> x) => Vector256.Abs(x);

        public static double Of(double x) => Math.Abs(x);
    }
}
