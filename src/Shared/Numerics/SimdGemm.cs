using System.Runtime.CompilerServices;

namespace NnCluster.Numerics;

/// <summary>A GEMM for one vector width. Sizes are checked by the caller.</summary>
internal abstract unsafe class SimdGemm
{
    /// <summary>Depth of a k-block: part of the definition of the result's bits, see <see cref="SimdBlas"/>.</summary>
    public const int DepthBlock = 256;

    /// <summary>Floats of a packed B (k, n).</summary>
    /// <exception cref="ArgumentOutOfRangeException">They would be more than an array can hold.</exception>
    public abstract int PackedLength(int k, int n);

    /// <summary>Writes op(B) (k, n) in panels, k-block after k-block.</summary>
    public abstract void Pack(Transpose transposeB, int k, int n, float* b, nint ldb, float* packed);

    /// <summary>C ← alpha·A·op(B) + beta·C.</summary>
    public abstract void Multiply(in LeftOperand a, int m, int n, int k, float alpha, Transpose transposeB, float* b, nint ldb,
        float beta, float* c, nint ldc);

    /// <summary>C ← A·B + beta·C with B written by <see cref="Pack"/>.</summary>
    public abstract void MultiplyPacked(in LeftOperand a, int m, int n, int k, float* packed, float beta, float* c, nint ldc);
}

/// <summary>op(A), read in place: element (i, k) is at <c>Origin[i·RowStride + k·DepthStride]</c>.</summary>
internal readonly unsafe struct LeftOperand(Transpose transpose, float* a, nint lda)
{
    public float* Origin { get; } = a;

    public nint RowStride { get; } = transpose == Transpose.No ? lda : 1;

    public nint DepthStride { get; } = transpose == Transpose.No ? 1 : lda;
}

/// <summary>
/// Blocking for the caches (Goto and van de Geijn 2008, without packing A): B is cut into k-blocks and those into chunks
/// of columns that fit the second-level cache; over a chunk, a strip of A of one tile's height stays in the first-level
/// cache while the chunk's panels stream past it.
/// </summary>
internal sealed unsafe class SimdGemm<TOperations, TVector> : SimdGemm
    where TOperations : struct, ISimdOperations<TVector>
    where TVector : struct
{
    private const int ChunkColumns = 256;
    private const int MaxTileRows = 12;
    private const int MaxWidth = 16;

    [ThreadStatic]
    private static AlignedBuffer? t_chunk;

    private static int PanelWidth => 2 * TOperations.Width;

    /// <summary>Width of n columns in panels: a last panel of at most one vector is one vector wide.</summary>
    private static int PaddedWidth(int n) => (n + TOperations.Width - 1) / TOperations.Width * TOperations.Width;

    public override int PackedLength(int k, int n)
    {
        long length = (long)k * PaddedWidth(n);
        return length <= Array.MaxLength
            ? (int)length
            : throw new ArgumentOutOfRangeException(nameof(n), n, $"A packed matrix of depth {k} and this width is too large.");
    }

    public override void Pack(Transpose transposeB, int k, int n, float* b, nint ldb, float* packed)
    {
        for (int depthStart = 0; depthStart < k; depthStart += DepthBlock)
        {
            int depth = Math.Min(DepthBlock, k - depthStart);
            PackChunk(transposeB, b, ldb, depthStart, depth, 0, n, packed + ((nint)depthStart * PaddedWidth(n)));
        }
    }

    public override void Multiply(in LeftOperand a, int m, int n, int k, float alpha, Transpose transposeB, float* b, nint ldb,
        float beta, float* c, nint ldc)
    {
        fixed (float* chunk = (t_chunk ??= new AlignedBuffer(DepthBlock * ChunkColumns)).Span)
        {
            int chunkColumns = EvenChunk(n);
            for (int depthStart = 0; depthStart < k; depthStart += DepthBlock)
            {
                int depth = Math.Min(DepthBlock, k - depthStart);
                float betaNow = depthStart == 0 ? beta : 1;
                float* strip = a.Origin + (depthStart * a.DepthStride);
                for (int column = 0; column < n; column += chunkColumns)
                {
                    int columns = Math.Min(chunkColumns, n - column);
                    PackChunk(transposeB, b, ldb, depthStart, depth, column, columns, chunk);
                    MultiplyChunk(strip, a, m, depth, alpha, chunk, columns, betaNow, c + column, ldc);
                }
            }
        }
    }

    public override void MultiplyPacked(in LeftOperand a, int m, int n, int k, float* packed, float beta, float* c, nint ldc)
    {
        int chunkColumns = EvenChunk(n);
        for (int depthStart = 0; depthStart < k; depthStart += DepthBlock)
        {
            int depth = Math.Min(DepthBlock, k - depthStart);
            float betaNow = depthStart == 0 ? beta : 1;
            float* strip = a.Origin + (depthStart * a.DepthStride);
            float* block = packed + ((nint)depthStart * PaddedWidth(n));
            for (int column = 0; column < n; column += chunkColumns)
            {
                int columns = Math.Min(chunkColumns, n - column);
                MultiplyChunk(strip, a, m, depth, 1, block + ((nint)column * depth), columns, betaNow, c + column, ldc);
            }
        }
    }

    /// <summary>Whole panels for a chunk, at most <see cref="ChunkColumns"/> wide, so that all chunks are about equal.</summary>
    private static int EvenChunk(int n)
    {
        int panels = (n + PanelWidth - 1) / PanelWidth;
        int chunks = (n + ChunkColumns - 1) / ChunkColumns;
        return (panels + chunks - 1) / chunks * PanelWidth;
    }

    /// <summary>Packs rows depthStart.. and columns column.. of op(B), panel after panel.</summary>
    private static void PackChunk(Transpose transposeB, float* b, nint ldb, int depthStart, int depth, int column, int columns,
        float* packed)
    {
        for (int offset = 0; offset < columns; offset += PanelWidth)
        {
            int panelColumns = Math.Min(PanelWidth, columns - offset);
            int width = PaddedWidth(panelColumns);
            float* panel = packed + ((nint)offset * depth);
            nint first = column + offset;
            if (transposeB == Transpose.No)
            {
                SimdPanels.Copy(b + (depthStart * ldb) + first, ldb, depth, panelColumns, panel, width);
            }
            else
            {
                SimdPanels.Transpose(b + (first * ldb) + depthStart, ldb, depth, panelColumns, panel, width);
            }
        }
    }

    /// <summary>C (m, columns) ← alpha·A·B + beta·C over one k-block and one chunk of packed panels.</summary>
    [SkipLocalsInit]
    private static void MultiplyChunk(float* strip, in LeftOperand a, int m, int depth, float alpha, float* chunk, int columns,
        float beta, float* c, nint ldc)
    {
        bool direct = alpha == 1 && (beta == 0 || beta == 1);
        float* tile = stackalloc float[MaxTileRows * 2 * MaxWidth];
        for (int row = 0; row < m; row += TOperations.TileRows)
        {
            int rows = Math.Min(TOperations.TileRows, m - row);
            float* tileA = strip + (row * a.RowStride);
            float* rowC = c + (row * ldc);
            for (int column = 0; column < columns; column += PanelWidth)
            {
                int tileColumns = Math.Min(PanelWidth, columns - column);
                int width = PaddedWidth(tileColumns);
                float* panel = chunk + ((nint)column * depth);
                if (direct && tileColumns == width)
                {
                    MultiplyTile(rows, width, depth, tileA, a, panel, beta == 1, rowC + column, ldc);
                }
                else
                {
                    MultiplyTile(rows, width, depth, tileA, a, panel, false, tile, width);
                    Merge(tile, width, rows, tileColumns, alpha, beta, rowC + column, ldc);
                }
            }
        }
    }

    private static void MultiplyTile(int rows, int width, int depth, float* tileA, in LeftOperand a, float* panel, bool accumulate,
        float* c, nint ldc)
    {
        if (width > TOperations.Width)
        {
            SimdTile<TOperations, TVector>.Multiply<C2>(rows, depth, tileA, a.RowStride, a.DepthStride, panel, accumulate, c, ldc);
        }
        else
        {
            SimdTile<TOperations, TVector>.Multiply<C1>(rows, depth, tileA, a.RowStride, a.DepthStride, panel, accumulate, c, ldc);
        }
    }

    /// <summary>C (rows, columns) ← alpha·tile + beta·C for the tiles the kernel cannot write itself.</summary>
    private static void Merge(float* tile, int width, int rows, int columns, float alpha, float beta, float* c, nint ldc)
    {
        for (int row = 0; row < rows; row++, tile += width, c += ldc)
        {
            for (int column = 0; column < columns; column++)
            {
                float product = alpha == 1 ? tile[column] : alpha * tile[column];
                c[column] = beta == 0 ? product : (beta == 1 ? c[column] : beta * c[column]) + product;
            }
        }
    }
}
