using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

/// <summary>A backend whose networks wait for a gate while they are built.</summary>
internal sealed class GatedBlas(IBlas inner) : IBlas
{
    public ManualResetEventSlim Gate { get; } = new(true);

    public string Name => inner.Name;

    public string Arithmetic => inner.Arithmetic;

    public int FusedAddDepth => inner.FusedAddDepth;

    public void Gemm(
        Transpose transposeA, Transpose transposeB, int m, int n, int k, float alpha,
        ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc) =>
        inner.Gemm(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

    public PackedMatrix CreatePacked(int k, int n)
    {
        Gate.Wait();
        return inner.CreatePacked(k, n);
    }

    public void Pack(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination) =>
        inner.Pack(transposeB, b, ldb, destination);

    public void GemmPacked(
        Transpose transposeA, int m, ReadOnlySpan<float> a, int lda, PackedMatrix b, float beta, Span<float> c, int ldc) =>
        inner.GemmPacked(transposeA, m, a, lda, b, beta, c, ldc);
}
