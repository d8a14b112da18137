namespace NnCluster.Numerics;

/// <summary>
/// Elementary functions in double precision from +, −, ·, / and bit operations, with the same bits on every machine.
/// <see cref="Math"/> calls the C library, whose last bit varies by system and processor.
/// </summary>
/// <remarks>
/// The polynomial coefficients and the split constants are those of fdlibm, which asks for this notice: Copyright (C) 1993
/// by Sun Microsystems, Inc. All rights reserved. Developed at SunSoft, a Sun Microsystems, Inc. business. Permission to
/// use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
/// </remarks>
public static class PortableMath
{
    /// <summary>The largest |x| of <see cref="Sin"/> and <see cref="Cos"/>.</summary>
    public const double MaxAngle = 100_000;

    private const double Ln2High = 6.93147180369123816490e-01; // the low 21 bits are zero: k·Ln2High is exact
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double SqrtOfHalf = 0.70710678118654757;

    /// <summary>Natural logarithm of a normal positive number, within 1 ulp.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="x"/> is not a positive, finite, normal number.</exception>
    public static double Log(double x)
    {
        if (!(x > 0) || !double.IsNormal(x))
        {
            throw new ArgumentOutOfRangeException(nameof(x), x, "Must be positive, finite and normal.");
        }

        // x = 2ᵏ·m with m in [√½, √2)
        long bits = BitConverter.DoubleToInt64Bits(x);
        int k = (int)(bits >> 52) - 1022;
        double m = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FE0_0000_0000_0000);
        if (m < SqrtOfHalf)
        {
            m *= 2;
            k--;
        }

        // ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)) with s = f / (2 + f)
        double f = m - 1;
        double s = f / (2 + f);
        double z = s * s;
        double r = z * (6.666666666666735130e-01 + (z * (3.999999999940941908e-01 + (z * (2.857142874366239149e-01
            + (z * (2.222219843214978396e-01 + (z * (1.818357216161805012e-01 + (z * (1.531383769920937332e-01
            + (z * 1.479819860511658591e-01))))))))))));
        double half = 0.5 * f * f;
        return (k * Ln2High) - (half - ((s * (half + r)) + (k * Ln2Low)) - f);
    }

    /// <summary>eˣ, within 1 ulp if it is a normal number; 0 below, infinity above.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x) || x > 709.782712893384)
        {
            return double.IsNaN(x) ? x : double.PositiveInfinity;
        }

        if (x < -708.3964185322641)
        {
            return 0;
        }

        // x = k·ln 2 + r with |r| ≤ ½ ln 2
        double k = Math.Floor((x * 1.44269504088896338700) + 0.5);
        double high = x - (k * Ln2High);
        double low = k * Ln2Low;
        double r = high - low;
        double t = r * r;
        double c = r - (t * (1.66666666666666019037e-01 + (t * (-2.77777777770155933842e-03 + (t * (6.61375632143793436117e-05
            + (t * (-1.65339022054652515390e-06 + (t * 4.13813679705723846039e-08)))))))));
        double y = 1 - (low - (r * c / (2 - c)) - high);
        // Two factors, because 2¹⁰²⁴ exceeds the range of a double.
        int half = (int)k / 2;
        return y * PowerOfTwo(half) * PowerOfTwo((int)k - half);
    }

    /// <summary>Sine of an angle in radians, |x| ≤ <see cref="MaxAngle"/>, within 1 ulp.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The angle is larger, or not a number.</exception>
    public static double Sin(double x)
    {
        (int quadrant, double high, double low) = Reduce(x);
        return (quadrant & 3) switch
        {
            0 => SinKernel(high, low),
            1 => CosKernel(high, low),
            2 => -SinKernel(high, low),
            _ => -CosKernel(high, low),
        };
    }

    /// <summary>Cosine of an angle in radians, |x| ≤ <see cref="MaxAngle"/>, within 1 ulp.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The angle is larger, or not a number.</exception>
    public static double Cos(double x)
    {
        (int quadrant, double high, double low) = Reduce(x);
        return (quadrant & 3) switch
        {
            0 => CosKernel(high, low),
            1 => -SinKernel(high, low),
            2 => -CosKernel(high, low),
            _ => SinKernel(high, low),
        };
    }

    /// <summary>cos πx for x in [0, 1], by Taylor series on |y| ≤ π/4; the error is at most 5·10⁻¹⁶.</summary>
    public static double CosPi(double x) => x switch
    {
        > 0.5 => -CosPi(1 - x),
        > 0.25 => TaylorSin(Math.PI * (0.5 - x)),
        _ => TaylorCos(Math.PI * x),
    };

    /// <summary>xⁿ by repeated squaring; the relative error is at most about |n|·2⁻⁵³. x⁰ = 1 for every x.</summary>
    public static double Pow(double x, long n)
    {
        double result = 1;
        for (ulong remaining = n < 0 ? 0UL - (ulong)n : (ulong)n; remaining != 0; remaining >>= 1, x *= x)
        {
            if ((remaining & 1) != 0)
            {
                result *= x;
            }
        }

        return n < 0 ? 1 / result : result;
    }

    // Both series are cut where the next term is below 2⁻⁵³ for |y| ≤ π/4.
    private static double TaylorCos(double y)
    {
        double square = y * y;
        double sum = 1;
        for (int n = 16; n >= 2; n -= 2)
        {
            sum = 1 - (square / (n * (n - 1)) * sum);
        }

        return sum;
    }

    private static double TaylorSin(double y)
    {
        double square = y * y;
        double sum = 1;
        for (int n = 17; n >= 3; n -= 2)
        {
            sum = 1 - (square / (n * (n - 1)) * sum);
        }

        return y * sum;
    }

    /// <summary>x − quadrant·π/2 as high + low with |high| ≤ π/4, by a π/2 of three parts (Cody and Waite 1980).</summary>
    private static (int Quadrant, double High, double Low) Reduce(double x)
    {
        if (!(Math.Abs(x) <= MaxAngle))
        {
            throw new ArgumentOutOfRangeException(nameof(x), x, $"Must be within ±{MaxAngle}.");
        }

        const double First = 1.57079632673412561417e+00; // 33 bits, like the second: n times either is exact
        const double Second = 6.07710050630396597660e-11;
        const double Third = 2.02226624879595063154e-21;
        double n = Math.Floor((x * 6.36619772367581382433e-01) + 0.5);
        double r = x - (n * First);
        double second = n * Second;
        double t = r - second;
        double lost = r - t - second; // exact rounding error of t
        double tail = (n * Third) - lost;
        double high = t - tail;
        return ((int)n, high, t - high - tail);
    }

    private static double SinKernel(double x, double tail)
    {
        double z = x * x;
        double v = z * x;
        double r = 8.33333333332248946124e-03 + (z * (-1.98412698298579493134e-04 + (z * (2.75573137070700676789e-06
            + (z * (-2.50507602534068634195e-08 + (z * 1.58969099521155010221e-10)))))));
        return x - ((z * ((0.5 * tail) - (v * r))) - tail + (v * 1.66666666666666324348e-01));
    }

    private static double CosKernel(double x, double tail)
    {
        double z = x * x;
        double r = z * (4.16666666666666019037e-02 + (z * (-1.38888888888741095749e-03 + (z * (2.48015872894767294178e-05
            + (z * (-2.75573143513906633035e-07 + (z * (2.08757232129817482790e-09 + (z * -1.13596475577881948265e-11))))))))));
        double half = 0.5 * z;
        double w = 1 - half;
        return w + (1 - w - half + ((z * r) - (x * tail)));
    }

    private static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((exponent + 1023L) << 52);
}
