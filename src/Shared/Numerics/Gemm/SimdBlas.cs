using System.Runtime.Intrinsics;

namespace NnCluster.Numerics;

/// <summary>
/// GEMM in C# on the widest vectors of the processor, <see cref="Vector512{T}"/>, <see cref="Vector256{T}"/> or
/// <see cref="Vector128{T}"/>, with the same bits on all of them.
/// </summary>
/// <remarks>
/// <para>The arithmetic of element (i, j):</para>
/// <code>
/// for each k-block of 256 (the last may be shorter), in order:
///     acc = 0
///     for k in the block, in order:  acc = fma(op(A)[i, k], op(B)[k, j], acc)
///     term = alpha == 1 ? acc : alpha * acc
///     old  = first block ? (beta == 1 ? C[i, j] : beta * C[i, j]) : C[i, j]
///     C[i, j] = first block and beta == 0 ? term : old + term
/// </code>
/// <para>
/// Vectors, tiles and threads split rows and columns only, never k, so that none of them affects the result. With k = 0 or
/// alpha = 0, C is scaled by beta (set to zero for beta = 0) and neither A nor B is read. A processor without fused
/// multiply-add computes acc = a·b + acc with two roundings and has another <see cref="Arithmetic"/>.
/// </para>
/// </remarks>
public sealed unsafe class SimdBlas : IBlas
{
    private readonly SimdGemm _gemm;

    /// <summary>Uses the widest vectors of this processor.</summary>
    public SimdBlas()
        : this(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)
    {
    }

    /// <summary>Uses vectors of 128, 256 or 512 bits, with the same result.</summary>
    internal SimdBlas(int vectorBits) => _gemm = vectorBits switch
    {
        512 => new SimdGemm<Simd512, Vector512<float>>(),
        256 => new SimdGemm<Simd256, Vector256<float>>(),
        128 => new SimdGemm<Simd128, Vector128<float>>(),
        _ => throw new ArgumentOutOfRangeException(nameof(vectorBits), vectorBits, "Must be 128, 256 or 512."),
    };

    /// <inheritdoc/>
    public string Name => "simd";

    /// <summary><c>simd-fma-1/net10</c>, or <c>simd-muladd-1/net10</c> without fused multiply-add.</summary>
    public string Arithmetic { get; } = $"simd-{SimdArithmetic.Name}";

    /// <inheritdoc/>
    public int FusedAddDepth => SimdGemm.DepthBlock;

    /// <inheritdoc/>
    public void Gemm(Transpose transposeA, Transpose transposeB, int m, int n, int k, float alpha,
        ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, Span<float> c, int ldc)
    {
        GemmArguments.Validate(transposeA, transposeB, m, n, k, a.Length, lda, b.Length, ldb, c.Length, ldc);
        if (k == 0 || alpha == 0)
        {
            MatrixScaling.Scale(m, n, beta, c, ldc);
            return;
        }

        if (m == 0 || n == 0)
        {
            return;
        }

        fixed (float* pa = a, pb = b, pc = c)
        {
            _gemm.Multiply(new LeftOperand(transposeA, pa, lda), m, n, k, alpha, transposeB, pb, ldb, beta, pc, ldc);
        }
    }

    /// <inheritdoc/>
    public PackedMatrix CreatePacked(int k, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        return new PackedMatrix(k, n, _gemm.PackedLength(k, n));
    }

    /// <inheritdoc/>
    public void Pack(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        GemmArguments.ValidatePackedLength(destination, _gemm.PackedLength(destination.K, destination.N), nameof(destination));
        GemmArguments.ValidateOperand(transposeB, destination.K, destination.N, b.Length, ldb, nameof(b), nameof(ldb));
        if (destination.K == 0 || destination.N == 0)
        {
            return;
        }

        fixed (float* pb = b, packed = destination.Memory.Span)
        {
            _gemm.Pack(transposeB, destination.K, destination.N, pb, ldb, packed);
        }

        GC.KeepAlive(destination); // unmanaged memory, freed by its finalizer
    }

    /// <inheritdoc/>
    public void GemmPacked(Transpose transposeA, int m, ReadOnlySpan<float> a, int lda, PackedMatrix b, float beta,
        Span<float> c, int ldc)
    {
        ArgumentNullException.ThrowIfNull(b);
        GemmArguments.ValidatePacked(transposeA, m, a.Length, lda, b, _gemm.PackedLength(b.K, b.N), c.Length, ldc);
        if (b.K == 0)
        {
            MatrixScaling.Scale(m, b.N, beta, c, ldc);
            return;
        }

        if (m == 0 || b.N == 0)
        {
            return;
        }

        fixed (float* pa = a, packed = b.Memory.Span, pc = c)
        {
            _gemm.MultiplyPacked(new LeftOperand(transposeA, pa, lda), m, b.N, b.K, packed, beta, pc, ldc);
        }

        GC.KeepAlive(b); // unmanaged memory, freed by its finalizer
    }
}
