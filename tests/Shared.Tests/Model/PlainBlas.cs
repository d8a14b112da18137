using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>
/// The definition in three loops: every element is summed over k in order and rounded each time. Products deeper than
/// <see cref="FusedAddDepth"/> are added to C term by term, so that a caller that relies on a fused addition fails.
/// </summary>
internal sealed class PlainBlas : IBlas
{
    public string Name => "plain";

    public string Arithmetic => "plain";

    public int FusedAddDepth { get; init; } = int.MaxValue;

    public void Gemm(Transpose transposeA, Transpose transposeB, int m, int n, int k, float alpha,
        ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                float old = beta == 0f ? 0f : beta * c[(i * ldc) + j];
                float sum = k > FusedAddDepth ? old : 0f;
                for (int p = 0; p < k; p++)
                {
                    float product = alpha * a[transposeA == Transpose.No ? (i * lda) + p : (p * lda) + i]
                        * b[transposeB == Transpose.No ? (p * ldb) + j : (j * ldb) + p];
                    sum += product;
                }

                c[(i * ldc) + j] = k > FusedAddDepth ? sum : old + sum;
            }
        }
    }

    public PackedMatrix CreatePacked(int k, int n) => new(k, n, k * n);

    public void Pack(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination)
    {
        for (int p = 0; p < destination.K; p++)
        {
            for (int j = 0; j < destination.N; j++)
            {
                destination.Memory.Span[(p * destination.N) + j] = b[transposeB == Transpose.No ? (p * ldb) + j : (j * ldb) + p];
            }
        }
    }

    public void GemmPacked(
        Transpose transposeA, int m, ReadOnlySpan<float> a, int lda, PackedMatrix b, float beta, Span<float> c, int ldc) =>
        Gemm(transposeA, Transpose.No, m, b.N, b.K, 1f, a, lda, b.Memory.Span, b.N, beta, c, ldc);
}
