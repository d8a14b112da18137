using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

/// <summary>A GEMM with rows wider than its matrices; the gaps hold NaN, which must neither be read nor written.</summary>
internal sealed record GemmProblem(Transpose TransposeA, Transpose TransposeB, int M, int N, int K, float Alpha, float Beta, int Gap)
{
    public int Lda => (TransposeA == Transpose.No ? K : M) + Gap;

    public int Ldb => (TransposeB == Transpose.No ? N : K) + Gap;

    public int Ldc => N + Gap;

    public float[] A { get; } = Fill(TransposeA == Transpose.No ? M : K, TransposeA == Transpose.No ? K : M, Gap, 1);

    public float[] B { get; } = Fill(TransposeB == Transpose.No ? K : N, TransposeB == Transpose.No ? N : K, Gap, 2);

    /// <summary>C before the product; all NaN with beta = 0, since it must not be read.</summary>
    public float[] C { get; } = Beta == 0 ? [.. Enumerable.Repeat(float.NaN, M * (N + Gap))] : Fill(M, N, Gap, 3);

    public float[] Run(IBlas blas)
    {
        float[] c = [.. C];
        blas.Gemm(TransposeA, TransposeB, M, N, K, Alpha, A, Lda, B, Ldb, Beta, c, Ldc);
        return c;
    }

    public float[] RunPacked(IBlas blas)
    {
        using PackedMatrix packed = blas.CreatePacked(K, N);
        // Stale contents of the padding must not affect the result.
        packed.Memory.Span.Fill(float.NaN);
        blas.Pack(TransposeB, B, Ldb, packed);
        float[] c = [.. C];
        blas.GemmPacked(TransposeA, M, A, Lda, packed, Beta, c, Ldc);
        return c;
    }

    /// <summary>The product in double precision, and for each element the sum of the absolute values of its terms.</summary>
    public (double[] Value, double[] Magnitude) Exact()
    {
        double[] value = new double[M * N], magnitude = new double[M * N];
        for (int i = 0; i < M; i++)
        {
            for (int j = 0; j < N; j++)
            {
                double sum = 0, absolute = 0;
                for (int k = 0; k < K; k++)
                {
                    double product = (double)ElementA(i, k) * ElementB(k, j);
                    sum += product;
                    absolute += Math.Abs(product);
                }

                double old = Beta == 0 ? 0 : (double)Beta * C[(i * Ldc) + j];
                value[(i * N) + j] = (Alpha * sum) + old;
                magnitude[(i * N) + j] = Math.Abs(Alpha * absolute) + Math.Abs(old);
            }
        }

        return (value, magnitude);
    }

    /// <summary>The documented arithmetic of SimdBlas, one element at a time.</summary>
    public float[] InDocumentedOrder()
    {
        float[] c = [.. C];
        for (int i = 0; i < M; i++)
        {
            for (int j = 0; j < N; j++)
            {
                ref float element = ref c[(i * Ldc) + j];
                if (K == 0 || Alpha == 0)
                {
                    element = Beta == 0 ? 0 : Beta * element;
                }

                for (int start = 0; start < K && Alpha != 0; start += 256)
                {
                    float sum = 0;
                    for (int k = start; k < Math.Min(K, start + 256); k++)
                    {
                        sum = SimdArithmetic.HasFusedMultiplyAdd
                            ? MathF.FusedMultiplyAdd(ElementA(i, k), ElementB(k, j), sum)
                            : (ElementA(i, k) * ElementB(k, j)) + sum;
                    }

                    float term = Alpha * sum;
                    element = start == 0 && Beta == 0 ? term : ((start == 0 ? Beta : 1) * element) + term;
                }
            }
        }

        return c;
    }

    private float ElementA(int i, int k) => TransposeA == Transpose.No ? A[(i * Lda) + k] : A[(k * Lda) + i];

    private float ElementB(int k, int j) => TransposeB == Transpose.No ? B[(k * Ldb) + j] : B[(j * Ldb) + k];

    private static float[] Fill(int rows, int columns, int gap, int seed)
    {
        Random random = new((seed * 1_000_003) + (rows * 1009) + columns);
        float[] values = new float[rows * (columns + gap)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % (columns + gap) < columns ? random.NextSingle() - 0.5f : float.NaN;
        }

        return values;
    }
}
