using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NnCluster.Numerics;

/// <summary>
/// Standard normal numbers in single precision, many at once, for noise that is drawn at every step: the transform of Box and Muller
/// (1958) by element-wise IEEE operations, with the same bits for any vector width. (<see cref="NormalSampler"/> computes in double
/// precision and is some fifteen times slower.)
/// </summary>
/// <remarks>
/// From two words come √(−2 ln u)·cos φ and √(−2 ln u)·sin φ. u is the upper 31 bits of the first word, made odd, · 2⁻³¹: no
/// number is larger than √(62 ln 2) = 6.56. φ is uniform: the upper two bits of the second word choose the half axis and the
/// lower thirty the angle θ ∈ [−π/4, π/4] from it. The polynomials are those of Cephes' logf, sinf and cosf (S. L. Moshier, 1989).
/// </remarks>
internal static class VectorNormal
{
    /// <summary>Spans hold a multiple of this many elements: whole vectors of any width.</summary>
    public const int Granularity = 16;

    private const int BitsOfSqrtOfHalf = 0x3F3504F3;
    private const int MantissaBits = 23;

    /// <summary>cosines[i] and sines[i] from radii[i] and angles[i].</summary>
    /// <param name="radii">Random words; their number is a multiple of <see cref="Granularity"/>.</param>
    /// <param name="angles">The same number of random words.</param>
    /// <param name="cosines">Receives the same number of normal numbers.</param>
    /// <param name="sines">Receives the same number of normal numbers, independent of the cosines.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are no multiple of <see cref="Granularity"/>.</exception>
    public static void Transform(ReadOnlySpan<uint> radii, ReadOnlySpan<uint> angles, Span<float> cosines, Span<float> sines)
    {
        int length = radii.Length;
        if (length % Granularity != 0 || angles.Length != length || cosines.Length != length || sines.Length != length)
        {
            throw new ArgumentException(
                $"All lengths must be the same multiple of {Granularity}, "
                + $"not {length}, {angles.Length}, {cosines.Length} and {sines.Length}.",
                nameof(radii));
        }

        ref uint radiusWord = ref MemoryMarshal.GetReference(radii);
        ref uint angleWord = ref MemoryMarshal.GetReference(angles);
        ref float cosine = ref MemoryMarshal.GetReference(cosines);
        ref float sine = ref MemoryMarshal.GetReference(sines);
        for (int i = 0; i < length; i += Vector<float>.Count)
        {
            Vector<float> radius = Radius(Vector.LoadUnsafe(ref radiusWord, (nuint)i));
            (Vector<float> x, Vector<float> y) = Direction(Vector.LoadUnsafe(ref angleWord, (nuint)i));
            (radius * x).StoreUnsafe(ref cosine, (nuint)i);
            (radius * y).StoreUnsafe(ref sine, (nuint)i);
        }
    }

    /// <summary>√(−2 ln u).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Radius(Vector<uint> word)
    {
        Vector<float> u = Vector.ConvertToSingle(((word >>> 1) | Vector<uint>.One).As<uint, int>()) * (1f / (1U << 31));

        // u = 2ᵏ·(1 + f) with 1 + f in [√½, √2)
        Vector<int> bits = u.As<float, int>() - new Vector<int>(BitsOfSqrtOfHalf);
        Vector<float> k = Vector.ConvertToSingle(bits >> MantissaBits);
        Vector<int> mantissa = (bits & new Vector<int>((1 << MantissaBits) - 1)) + new Vector<int>(BitsOfSqrtOfHalf);
        Vector<float> f = mantissa.As<int, float>() - Vector<float>.One;
        Vector<float> z = f * f;
        Vector<float> p = (f * 7.0376836292e-2f) - new Vector<float>(1.1514610310e-1f);
        p = (p * f) + new Vector<float>(1.1676998740e-1f);
        p = (p * f) - new Vector<float>(1.2420140846e-1f);
        p = (p * f) + new Vector<float>(1.4249322787e-1f);
        p = (p * f) - new Vector<float>(1.6668057665e-1f);
        p = (p * f) + new Vector<float>(2.0000714765e-1f);
        p = (p * f) - new Vector<float>(2.4999993993e-1f);
        p = (p * f) + new Vector<float>(3.3333331174e-1f);

        // ln 2 in two parts: k times the first is exact.
        Vector<float> small = (p * f * z) - (k * 2.12194440e-4f) - (z * 0.5f);
        Vector<float> logarithm = f + small + (k * 0.693359375f);
        return Vector.SquareRoot(logarithm * -2f);
    }

    /// <summary>A uniformly distributed point of the unit circle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector<float> X, Vector<float> Y) Direction(Vector<uint> word)
    {
        Vector<float> theta = Vector.ConvertToSingle((word << 2).As<uint, int>()) * (float)(Math.PI / 4 / (1U << 31));
        Vector<float> z = theta * theta;
        Vector<float> s = (z * -1.9515295891e-4f) + new Vector<float>(8.3321608736e-3f);
        s = (s * z) - new Vector<float>(1.6666654611e-1f);
        s = (s * z * theta) + theta;
        Vector<float> c = (z * 2.443315711809948e-5f) - new Vector<float>(1.388731625493765e-3f);
        c = (c * z) + new Vector<float>(4.166664568298827e-2f);
        c = (c * z * z) - (z * 0.5f) + Vector<float>.One;

        Vector<int> swap = (word << 1).As<uint, int>() >> 31;
        Vector<float> sign = (word & new Vector<uint>(0x8000_0000)).As<uint, float>();
        return (Vector.ConditionalSelect(swap, s, c) ^ sign, Vector.ConditionalSelect(swap, c, s) ^ sign);
    }
}
