using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class SimdBlasTests : BlasConformance
{
    private static readonly int[] VectorBits = [128, 256, 512];

    protected override IBlas CreateBlas() => new SimdBlas();

    [Fact]
    public void Gemm_has_the_bits_of_the_documented_order_with_every_vector_width()
    {
        foreach (GemmProblem problem in GemmProblems.All())
        {
            float[] expected = problem.InDocumentedOrder();
            foreach (int bits in VectorBits)
            {
                AssertSameBits(problem, expected, problem.Run(new SimdBlas(bits)));
            }
        }
    }

    [Fact]
    public void Packed_Gemm_has_the_same_bits_with_every_vector_width()
    {
        foreach (GemmProblem problem in GemmProblems.All().Where(problem => problem.Alpha == 1))
        {
            float[] expected = problem.InDocumentedOrder();
            foreach (int bits in VectorBits)
            {
                AssertSameBits(problem, expected, problem.RunPacked(new SimdBlas(bits)));
            }
        }
    }

    [Fact]
    public void Adding_in_place_rounds_like_a_separate_addition_up_to_the_fused_depth()
    {
        SimdBlas blas = new();
        foreach (int k in (int[])[1, 128, 255, blas.FusedAddDepth])
        {
            GemmProblem adding = new(Transpose.Yes, Transpose.No, 25, 70, k, 1, 1, 2);
            float[] product = (adding with { Beta = 0 }).Run(blas);
            float[] expected = [.. adding.C.Zip(product, (old, term) => old + term)];
            AssertSameBits(adding, expected, adding.Run(blas));
        }
    }

    [Fact]
    public void Beyond_the_fused_depth_adding_in_place_rounds_once_more()
    {
        SimdBlas blas = new();
        GemmProblem adding = new(Transpose.No, Transpose.No, 25, 70, blas.FusedAddDepth + 1, 1, 1, 0);
        float[] product = (adding with { Beta = 0 }).Run(blas);
        float[] separately = [.. adding.C.Zip(product, (old, term) => old + term)];
        Assert.NotEqual(separately, adding.Run(blas));
    }

    [Fact]
    public void Splitting_rows_and_columns_leaves_the_bits()
    {
        SimdBlas blas = new();
        GemmProblem whole = new(Transpose.No, Transpose.No, 40, 100, 300, 1, 0, 0);
        float[] expected = whole.Run(blas);
        float[] actual = new float[expected.Length];
        foreach ((int row, int rows) in ((int, int)[])[(0, 1), (1, 18), (19, 21)])
        {
            foreach ((int column, int columns) in ((int, int)[])[(0, 7), (7, 60), (67, 33)])
            {
                blas.Gemm(Transpose.No, Transpose.No, rows, columns, 300, 1, whole.A.AsSpan(row * 300), 300,
                    whole.B.AsSpan(column), 100, 0, actual.AsSpan((row * 100) + column), 100);
            }
        }

        AssertSameBits(whole, expected, actual);
    }

    [Fact]
    public void Nothing_is_allocated_once_a_thread_has_multiplied()
    {
        SimdBlas blas = new();
        GemmProblem problem = new(Transpose.Yes, Transpose.Yes, 30, 300, 300, 1, 1, 0);
        float[] c = new float[problem.C.Length];
        Multiply();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Multiply();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Multiply() => blas.Gemm(problem.TransposeA, problem.TransposeB, problem.M, problem.N, problem.K, 1,
            problem.A, problem.Lda, problem.B, problem.Ldb, 1, c, problem.Ldc);
    }

    [Fact]
    public void Alpha_zero_does_not_read_the_operands()
    {
        float[] nan = [float.NaN, float.NaN], c = [3, float.NaN];
        new SimdBlas().Gemm(Transpose.No, Transpose.No, 1, 1, 1, 0, nan, 1, nan, 1, 2, c, 1);
        Assert.Equal([6, float.NaN], c);
    }
}
