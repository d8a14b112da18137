using MathNet.Numerics;
using MathNet.Numerics.Providers.LinearAlgebra;

namespace NnCluster.Numerics;

/// <summary>
/// GEMM by Math.NET Numerics with its configured linear-algebra provider: the managed one, or a native one such as MKL or CUDA that
/// the user installed and selected, for example by <c>MathNetNumericsLAProvider</c>.
/// </summary>
/// <remarks>
/// Providers take whole arrays of column-major matrices. A row-major C = A·B is the column-major Cᵀ = Bᵀ·Aᵀ, so the operands are
/// swapped and nothing is transposed. Every operand is copied through an array of the thread.
/// </remarks>
public sealed class MathNetBlas : IBlas
{
    [ThreadStatic]
    private static ExactArray? _a;

    [ThreadStatic]
    private static ExactArray? _b;

    [ThreadStatic]
    private static ExactArray? _c;

    private readonly ILinearAlgebraProvider<float> _provider;

    /// <summary>Uses the configured provider on the calling thread only.</summary>
    public MathNetBlas()
    {
        Control.UseSingleThread();
        _provider = LinearAlgebraControl.Provider;
        Arithmetic = $"mathnet {_provider}; {SimdArithmetic.Name}";
    }

    /// <inheritdoc/>
    public string Name => "mathnet";

    /// <summary>The provider's description, and the arithmetic of the element-wise functions.</summary>
    public string Arithmetic { get; }

    /// <summary>0: a provider may split k anywhere.</summary>
    public int FusedAddDepth => 0;

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

        (int rowsA, int widthA) = transposeA == Transpose.No ? (m, k) : (k, m);
        (int rowsB, int widthB) = transposeB == Transpose.No ? (k, n) : (n, k);
        float[] copyA = (_a ??= new ExactArray()).Read(a, rowsA, widthA, lda);
        float[] copyB = (_b ??= new ExactArray()).Read(b, rowsB, widthB, ldb);
        // A provider may multiply C by beta = 0 although it should not read it; C holds zeros then.
        float[] copyC = beta == 0 ? (_c ??= new ExactArray()).Zeros(m * n) : (_c ??= new ExactArray()).Read(c, m, n, ldc);
        _provider.MatrixMultiplyWithUpdate(Code(transposeB), Code(transposeA), alpha, copyB, widthB, rowsB, copyA, widthA, rowsA,
            beta, copyC);
        for (int row = 0; row < m; row++)
        {
            copyC.AsSpan(row * n, n).CopyTo(c[(int)((long)row * ldc)..]);
        }

        static MathNet.Numerics.Providers.LinearAlgebra.Transpose Code(Transpose transpose) => transpose == Transpose.No
            ? MathNet.Numerics.Providers.LinearAlgebra.Transpose.DontTranspose
            : MathNet.Numerics.Providers.LinearAlgebra.Transpose.Transpose;
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
    }

    /// <summary>Arrays of exact lengths: providers accept no longer ones.</summary>
    private sealed class ExactArray
    {
        /// <summary>Most lengths kept, enough for a network's step; beyond them, all arrays are dropped.</summary>
        private const int MaxLengths = 32;

        private readonly Dictionary<int, float[]> _byLength = [];

        /// <summary>Copies A (rows, width) without gaps.</summary>
        public float[] Read(ReadOnlySpan<float> source, int rows, int width, int ld)
        {
            float[] array = OfLength(rows * width);
            for (int row = 0; row < rows; row++)
            {
                source.Slice((int)((long)row * ld), width).CopyTo(array.AsSpan(row * width));
            }

            return array;
        }

        public float[] Zeros(int length)
        {
            float[] array = OfLength(length);
            Array.Clear(array);
            return array;
        }

        private float[] OfLength(int length)
        {
            if (!_byLength.TryGetValue(length, out float[]? array))
            {
                if (_byLength.Count == MaxLengths)
                {
                    _byLength.Clear();
                }

                array = new float[length];
                _byLength.Add(length, array);
            }

            return array;
        }
    }
}
