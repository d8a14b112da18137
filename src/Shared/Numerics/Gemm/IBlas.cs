namespace NnCluster.Numerics;

/// <summary>Use of a stored row-major matrix: as it is, or transposed.</summary>
public enum Transpose
{
    /// <summary>As it is stored.</summary>
    No,

    /// <summary>Transposed.</summary>
    Yes,
}

/// <summary>
/// Single-precision matrix multiplication on row-major matrices. Implementations are thread-safe and run on the calling thread only.
/// </summary>
public interface IBlas
{
    /// <summary>Name of the backend: <c>simd</c>, <c>openblas</c> or <c>mathnet</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Identifies the bits that this backend computes: processes with equal strings compute identical results. A node whose
    /// backends all differ from the run's is refused.
    /// </summary>
    string Arithmetic { get; }

    /// <summary>
    /// The largest depth K for which <c>Gemm</c> with alpha = beta = 1 is, for every element, one rounding of
    /// C + (A·B) with A·B as <c>Gemm</c> with beta = 0 computes it. 0 if the backend does not guarantee it.
    /// </summary>
    int FusedAddDepth { get; }

    /// <summary>C ← alpha·op(A)·op(B) + beta·C. With beta = 0, C is not read (it may hold NaN).</summary>
    /// <param name="transposeA">False: A is stored (m, k). True: (k, m).</param>
    /// <param name="transposeB">False: B is stored (k, n). True: (n, k).</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Depth of the product; 0: C is only scaled.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A with <paramref name="lda"/> elements from row to row.</param>
    /// <param name="lda">At least the stored width of A.</param>
    /// <param name="b">B with <paramref name="ldb"/> elements from row to row.</param>
    /// <param name="ldb">At least the stored width of B.</param>
    /// <param name="beta">Factor of the old value of C.</param>
    /// <param name="c">C (m, n); elements between n and <paramref name="ldc"/> are not touched.</param>
    /// <param name="ldc">At least n.</param>
    /// <exception cref="ArgumentException">A span is too short or a leading dimension too small for the shape.</exception>
    void Gemm(Transpose transposeA, Transpose transposeB, int m, int n, int k, float alpha,
        ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc);

    /// <summary>Allocates memory for a right operand op(B) (k, n) that is packed once and multiplied many times.</summary>
    PackedMatrix CreatePacked(int k, int n);

    /// <summary>Copies op(B) (k, n) into <paramref name="destination"/> in this backend's own order.</summary>
    void Pack(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination);

    /// <summary>C ← op(A)·B + beta·C with a packed B; the same bits as <see cref="Gemm"/> with alpha = 1.</summary>
    void GemmPacked(Transpose transposeA, int m, ReadOnlySpan<float> a, int lda, PackedMatrix b, float beta, Span<float> c, int ldc);
}
