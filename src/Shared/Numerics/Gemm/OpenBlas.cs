using System.Runtime.InteropServices;

namespace NnCluster.Numerics;

/// <summary>
/// GEMM by the native OpenBLAS library (https://www.openblas.net), found at run time, on the calling thread. Its bits depend on the
/// version of the library and on the kernels that it selects for the processor.
/// </summary>
public sealed unsafe class OpenBlas : IBlas
{
    private const int RowMajor = 101;
    private const int NoTranspose = 111;
    private const int DoTranspose = 112;

    private readonly delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _sgemm;

    private OpenBlas(nint sgemm, string arithmetic)
    {
        _sgemm = (delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)sgemm;
        Arithmetic = arithmetic;
    }

    /// <inheritdoc/>
    public string Name => "openblas";

    /// <summary>Configuration and kernels of the library, and the arithmetic of the element-wise functions.</summary>
    public string Arithmetic { get; }

    /// <summary>0: the library may split k anywhere.</summary>
    public int FusedAddDepth => 0;

    /// <summary>Loads the library.</summary>
    /// <exception cref="BadInputException">The library is missing or unusable; the message says what to install.</exception>
    public static OpenBlas Load() => TryLoad(out OpenBlas? blas, out string reason)
        ? blas!
        : throw new BadInputException(
            Blas.BackendName,
            $"{Blas.BackendName} openblas: {reason}. Install OpenBLAS (Debian, Ubuntu: libopenblas0-pthread; Fedora: openblas-threads; ",
            $"macOS: brew install openblas), set {OpenBlasLibrary.PathVariable} to its file, or use {Blas.BackendName} simd.");

    /// <summary>Loads the library if it is installed.</summary>
    /// <param name="blas">The backend; null if the library is missing or unusable.</param>
    /// <param name="reason">Why it is; empty if the library was loaded.</param>
    public static bool TryLoad(out OpenBlas? blas, out string reason)
    {
        blas = null;
        if (!OpenBlasLibrary.TryFind(out nint library, out reason))
        {
            return false;
        }

        if (!NativeLibrary.TryGetExport(library, "cblas_sgemm", out nint sgemm)
            || !NativeLibrary.TryGetExport(library, "openblas_set_num_threads", out nint setThreads)
            || !NativeLibrary.TryGetExport(library, "openblas_get_config", out nint getConfig)
            || !NativeLibrary.TryGetExport(library, "openblas_get_corename", out nint getCoreName))
        {
            reason = "the library found lacks cblas_sgemm or an openblas_ function";
            return false;
        }

        string config = Text(getConfig), core = Text(getCoreName);
        if (config.Contains("USE64BITINT", StringComparison.Ordinal))
        {
            reason = "the library found takes 64-bit sizes (a build with 32-bit sizes is needed)";
            return false;
        }

        ((delegate* unmanaged[Cdecl]<int, void>)setThreads)(1);
        blas = new OpenBlas(sgemm, $"openblas {config} kernels {core}; {SimdArithmetic.Name}");
        return true;

        static string Text(nint function) =>
            Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)function)())?.Trim() ?? "unknown";
    }

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
            _sgemm(RowMajor, Code(transposeA), Code(transposeB), m, n, k, alpha, pa, lda, pb, ldb, beta, pc, ldc);
        }

        static int Code(Transpose transpose) => transpose == Transpose.No ? NoTranspose : DoTranspose;
    }

    /// <inheritdoc/>
    public PackedMatrix CreatePacked(int k, int n) => ContiguousMatrix.Create(k, n);

    /// <inheritdoc/>
    public void Pack(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination) =>
        ContiguousMatrix.Copy(transposeB, b, ldb, destination);

    /// <inheritdoc/>
    public void GemmPacked(Transpose transposeA, int m, ReadOnlySpan<float> a, int lda, PackedMatrix b, float beta,
        Span<float> c, int ldc)
    {
        ContiguousMatrix.Validate(b, nameof(b));
        Gemm(transposeA, b.Stored, m, b.N, b.K, 1, a, lda, b.Memory.Span, ContiguousMatrix.LeadingDimension(b), beta, c, ldc);
        GC.KeepAlive(b); // unmanaged memory, freed by its finalizer
    }
}
