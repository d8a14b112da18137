using CsCheck;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

/// <summary>The C library and these functions each have an error below 1 ulp, so their results differ by at most 2.</summary>
public sealed class PortableMathTests
{
    [Fact]
    public void Log_matches_the_C_library()
    {
        Gen.Double[-700, 700].Select(Math.Exp).Sample(x => AssertClose(Math.Log(x), PortableMath.Log(x)), iter: 100_000);
        Gen.Double[0.4, 2.5].Sample(x => AssertClose(Math.Log(x), PortableMath.Log(x)), iter: 100_000);
        Assert.Equal(0, PortableMath.Log(1));
        AssertClose(Math.Log(double.MaxValue), PortableMath.Log(double.MaxValue));
        AssertClose(Math.Log(Math.BitDecrement(1)), PortableMath.Log(Math.BitDecrement(1)));
    }

    [Fact]
    public void Log_refuses_what_has_none()
    {
        foreach (double x in (double[])[0, -1, double.NaN, double.PositiveInfinity, double.Epsilon])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => PortableMath.Log(x));
        }
    }

    [Fact]
    public void Exp_matches_the_C_library()
    {
        Gen.Double[-708, 709.7].Sample(x => AssertClose(Math.Exp(x), PortableMath.Exp(x)), iter: 100_000);
        Gen.Double[-1, 1].Sample(x => AssertClose(Math.Exp(x), PortableMath.Exp(x)), iter: 100_000);
        Assert.Equal(1, PortableMath.Exp(0));
        Assert.Equal(0, PortableMath.Exp(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, PortableMath.Exp(710));
        Assert.Equal(double.NaN, PortableMath.Exp(double.NaN));
    }

    [Fact]
    public void Sin_and_Cos_match_the_C_library()
    {
        foreach (double range in (double[])[1, 7, PortableMath.MaxAngle])
        {
            Gen.Double[-range, range].Sample(x =>
            {
                AssertClose(Math.Sin(x), PortableMath.Sin(x));
                AssertClose(Math.Cos(x), PortableMath.Cos(x));
            }, iter: 100_000);
        }
    }

    [Fact]
    public void Sin_and_Cos_stay_exact_beside_multiples_of_a_right_angle()
    {
        for (int n = -60_000; n <= 60_000; n += 7)
        {
            double x = n * (Math.PI / 2);
            AssertClose(Math.Sin(x), PortableMath.Sin(x));
            AssertClose(Math.Cos(x), PortableMath.Cos(x));
        }
    }

    [Fact]
    public void Angles_too_large_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PortableMath.Sin(2 * PortableMath.MaxAngle));
        Assert.Throws<ArgumentOutOfRangeException>(() => PortableMath.Cos(double.NaN));
    }

    [Fact]
    public void CosPi_is_within_two_units_of_the_last_place_of_one() =>
        Gen.Double[0, 1].Sample(x => Math.Abs(PortableMath.CosPi(x) - Math.Cos(Math.PI * x)) <= 5e-16);

    [Fact]
    public void CosPi_is_exact_where_the_cosine_is()
    {
        Assert.Equal(1, PortableMath.CosPi(0));
        Assert.Equal(0, PortableMath.CosPi(0.5));
        Assert.Equal(-1, PortableMath.CosPi(1));
    }

    [Fact]
    public void Pow_multiplies_n_times()
    {
        Assert.Equal(1024, PortableMath.Pow(2, 10));
        Assert.Equal(-0.125, PortableMath.Pow(-2, -3));
        Assert.Equal(1, PortableMath.Pow(0, 0));
        Assert.Equal(0, PortableMath.Pow(2, int.MinValue));
        Assert.Equal(0, PortableMath.Pow(2, long.MinValue));
        Gen.Select(Gen.Double[0.5, 1.5], Gen.Int[-1000, 1000]).Sample((x, n) =>
        {
            double expected = Math.Pow(x, n), relative = Math.Abs((PortableMath.Pow(x, n) / expected) - 1);
            Assert.True(relative <= (Math.Abs(n) + 4) * 1.2e-16, $"{x}^{n} errs by {relative}");
        });
    }

    private static void AssertClose(double expected, double actual)
    {
        double ulp = Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
        Assert.True(Math.Abs(expected - actual) <= 2 * ulp, $"{actual:R} is {(actual - expected) / ulp} ulps from {expected:R}");
    }
}
