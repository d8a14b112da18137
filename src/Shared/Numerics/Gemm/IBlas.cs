using NnCluster.Memory;

namespace NnCluster.Numerics;

/// <summary>Whether a stored row-major matrix is used as it is or transposed.</summary>
public enum Transpose
{
    No,
    Yes,
}

/// <summary>
/// Single-precision matrix multiplication on row-major matrices. Implementations hold no state that depends on who
/// calls, may be called from many threads at once, and use only the calling thread.
/// </summary>
public interface IBlas
{
    /// <summary>The name on the command line: <c>simd</c>, <c>openblas</c> or <c>mathnet</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Names the bits this backend produces: two processes with equal strings compute identical results.
    /// Workers whose arithmetic differs from the run's are refused.
    /// </summary>
    string Arithmetic { get; }

    /// <summary>
    /// The largest depth K for which <c>Gemm</c> with alpha = beta = 1 is, for every element, one rounding of
    /// C + (A·B) with A·B as <c>Gemm</c> with beta = 0 computes it. 0 where that is not promised.
    /// </summary>
    int FusedAddDepth { get; }

    /// <summary>C ← alpha·op(A)·op(B) + beta·C. With beta = 0, C is not read (it may hold NaN).</summary>
    /// <param name="transposeA">Whether A is stored (m, k) or, transposed, (k, m).</param>
    /// <param name="transposeB">Whether B is stored (k, n) or, transposed, (n, k).</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">The depth of the product; 0 scales C only.</param>
    /// <param name="alpha">The factor of the product.</param>
    /// <param name="a">A with <paramref name="lda"/> elements from row to row.</param>
    /// <param name="lda">At least the stored width of A.</param>
    /// <param name="b">B with <paramref name="ldb"/> elements from row to row.</param>
    /// <param name="ldb">At least the stored width of B.</param>
    /// <param name="beta">The factor of C's old value.</param>
    /// <param name="c">C (m, n); elements between n and <paramref name="ldc"/> are left alone.</param>
    /// <param name="ldc">At least n.</param>
    /// <exception cref="ArgumentException">A span is too short or a leading dimension too small for the shape.</exception>
    void Gemm(Transpose transposeA, Transpose transposeB, int m, int n, int k, float alpha,
        ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc);

    /// <summary>Memory for a right operand op(B) of shape (k, n) that is written once and multiplied many times.</summary>
    PackedMatrix CreatePacked(int k, int n);

    /// <summary>Copies op(B) (k, n) into <paramref name="destination"/> in this backend's own order.</summary>
    void Pack(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination);

    /// <summary>C ← op(A)·B + beta·C with a packed B; the same bits as <see cref="Gemm"/> with alpha = 1.</summary>
    void GemmPacked(Transpose transposeA, int m, ReadOnlySpan<float> a, int lda, PackedMatrix b, float beta, Span<float> c, int ldc);
}
