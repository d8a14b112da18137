using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

/// <summary>Requirements on every backend, checked against a plain triple loop in double precision.</summary>
public abstract class BlasConformance
{
    protected abstract IBlas CreateBlas();

    [Fact]
    public virtual void Gemm_matches_the_plain_loop_for_every_transpose_shape_and_factor()
    {
        IBlas blas = CreateBlas();
        foreach (GemmProblem problem in GemmProblems.All())
        {
            AssertMatches(problem, problem.Run(blas));
        }
    }

    [Fact]
    public virtual void Packed_Gemm_has_the_bits_of_Gemm()
    {
        IBlas blas = CreateBlas();
        foreach (GemmProblem problem in GemmProblems.All().Where(problem => problem.Alpha == 1))
        {
            AssertSameBits(problem, problem.Run(blas), problem.RunPacked(blas));
        }
    }

    [Fact]
    public virtual void Spans_too_short_and_rows_too_narrow_are_refused_by_name()
    {
        IBlas blas = CreateBlas();
        float[] four = new float[4], six = new float[6];
        // (2, 3)·(3, 2)
        void Gemm(float[] a, int lda, float[] b, int ldb, float[] c, int ldc) =>
            blas.Gemm(Transpose.No, Transpose.No, 2, 2, 3, 1, a, lda, b, ldb, 0, c, ldc);
        Gemm(six, 3, six, 2, four, 2);
        Assert.Equal("a", Assert.Throws<ArgumentException>(() => Gemm(four, 3, six, 2, four, 2)).ParamName);
        Assert.Equal("b", Assert.Throws<ArgumentException>(() => Gemm(six, 3, four, 2, four, 2)).ParamName);
        Assert.Equal("c", Assert.Throws<ArgumentException>(() => Gemm(six, 3, six, 2, four, 3)).ParamName);
        Assert.Equal("lda", Assert.Throws<ArgumentException>(() => Gemm(six, 2, six, 2, four, 2)).ParamName);
        Assert.Equal("ldb", Assert.Throws<ArgumentException>(() => Gemm(six, 3, six, 1, four, 2)).ParamName);
        Assert.Equal("ldc", Assert.Throws<ArgumentException>(() => Gemm(six, 3, six, 2, four, 1)).ParamName);
        Assert.Equal("m", Assert.Throws<ArgumentOutOfRangeException>(
            () => blas.Gemm(Transpose.No, Transpose.No, -1, 2, 3, 1, six, 3, six, 2, 0, four, 2)).ParamName);
        Assert.Equal("transposeA", Assert.Throws<ArgumentOutOfRangeException>(
            () => blas.Gemm((Transpose)7, Transpose.No, 2, 2, 3, 1, six, 3, six, 2, 0, four, 2)).ParamName);
        Assert.Equal("k", Assert.Throws<ArgumentOutOfRangeException>(() => blas.CreatePacked(-1, 2)).ParamName);
        using PackedMatrix packed = blas.CreatePacked(3, 2);
        Assert.Equal("b", Assert.Throws<ArgumentException>(() => blas.Pack(Transpose.No, four, 2, packed)).ParamName);
        using PackedMatrix foreign = new(3, 2, 1);
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => blas.Pack(Transpose.No, six, 2, foreign)).ParamName);
        Assert.Equal("b", Assert.Throws<ArgumentException>(
            () => blas.GemmPacked(Transpose.No, 2, six, 3, foreign, 0, four, 2)).ParamName);
    }

    [Fact]
    public virtual void Many_threads_may_multiply_at_once()
    {
        IBlas blas = CreateBlas();
        GemmProblem problem = new(Transpose.Yes, Transpose.Yes, 29, 70, 300, 1, 2, 3);
        float[] expected = problem.Run(blas);
        Parallel.For(0, 64, _ => AssertSameBits(problem, expected, problem.Run(blas)));
    }

    internal static void AssertSameBits(GemmProblem problem, float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i])
                || (float.IsNaN(expected[i]) && float.IsNaN(actual[i]));
            Assert.True(same, $"{problem}: element {i} is {actual[i]:R}, not {expected[i]:R}");
        }
    }

    private static void AssertMatches(GemmProblem problem, float[] actual)
    {
        (double[] value, double[] magnitude) = problem.Exact();
        for (int i = 0; i < actual.Length; i++)
        {
            (int row, int column) = (i / problem.Ldc, i % problem.Ldc);
            if (column >= problem.N)
            {
                Assert.True(float.IsNaN(actual[i]), $"{problem}: wrote behind row {row}");
                continue;
            }

            // Each of at most k + 3 roundings has an error of half an ulp (2⁻²⁴) of a partial sum.
            double bound = (problem.K + 3) * 6e-8 * magnitude[(row * problem.N) + column];
            double error = Math.Abs(actual[i] - value[(row * problem.N) + column]);
            Assert.True(error <= bound, $"{problem}: element ({row}, {column}) errs by {error}, more than {bound}");
        }
    }
}
