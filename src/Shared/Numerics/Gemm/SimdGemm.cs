using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using NnCluster.Memory;

namespace NnCluster.Numerics;

/// <summary>A GEMM for one vector width. Sizes are checked by the caller.</summary>
internal abstract unsafe class SimdGemm
{
    /// <summary>Depth of a k-block; part of the definition of the result, see <see cref="SimdBlas"/>.</summary>
    public const int DepthBlock = 256;

    /// <summary>Floats of a packed B (k, n).</summary>
    /// <exception cref="ArgumentOutOfRangeException">They exceed the longest array.</exception>
    public abstract int PackedLength(int k, int n);

    /// <summary>Writes op(B) (k, n) in panels, k-block after k-block.</summary>
    public abstract void Pack(Transpose transposeB, int k, int n, float* b, nint ldb, float* packed);

    /// <summary>C ← alpha·A·op(B) + beta·C.</summary>
    public abstract void Multiply(in LeftOperand a, int m, int n, int k, float alpha, Transpose transposeB, float* b, nint ldb,
        float beta, float* c, nint ldc);

    /// <summary>C ← A·B + beta·C with B written by <see cref="Pack"/>.</summary>
    public abstract void MultiplyPacked(in LeftOperand a, int m, int n, int k, float* packed, float beta, float* c, nint ldc);
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
    private const int MaxPanelWidth = 32;
    private const int StripStride = DepthBlock + 16;

    /// <summary>Rows of A that lie a multiple of 2 KiB apart map to so few cache sets that twelve of them evict each other.</summary>
    private const int AliasingStride = 512;

    /// <summary>Least depth for a prefetch: a shallower tile finishes before memory answers.</summary>
    private const int PrefetchDepth = 64;

    [ThreadStatic]
    private static AlignedBuffer? _chunk;

    private static int PanelWidth => 2 * TOperations.Width;

    /// <summary>Width of n columns in panels: a last panel of at most one vector is one vector wide.</summary>
    private static int PaddedWidth(int n) => (n + TOperations.Width - 1) / TOperations.Width * TOperations.Width;

    public override int PackedLength(int k, int n)
    {
        long length = (long)k * (((long)n + TOperations.Width - 1) / TOperations.Width * TOperations.Width);
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
        // Packing pays off if several strips of A read the panels; for one or two, whole vectors of B are read in place.
        int inPlace = transposeB == Transpose.No && m <= 2 * TOperations.TileRows ? n / TOperations.Width * TOperations.Width : 0;
        int chunkColumns = EvenChunk(n - inPlace);
        fixed (float* chunk = (_chunk ??= new AlignedBuffer(DepthBlock * ChunkColumns)).Span)
        {
            for (int depthStart = 0; depthStart < k; depthStart += DepthBlock)
            {
                int depth = Math.Min(DepthBlock, k - depthStart);
                float blockBeta = depthStart == 0 ? beta : 1;
                LeftOperand block = a.From(0, depthStart);
                if (inPlace > 0)
                {
                    RightOperand rows = RightOperand.InPlace(b + (depthStart * ldb), ldb);
                    MultiplyChunk(block, m, depth, alpha, rows, inPlace, blockBeta, c, ldc);
                }

                for (int column = inPlace; column < n; column += chunkColumns)
                {
                    int columns = Math.Min(chunkColumns, n - column);
                    PackChunk(transposeB, b, ldb, depthStart, depth, column, columns, chunk);
                    RightOperand panels = RightOperand.Packed(chunk, depth);
                    MultiplyChunk(block, m, depth, alpha, panels, columns, blockBeta, c + column, ldc);
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
            float blockBeta = depthStart == 0 ? beta : 1;
            float* panels = packed + ((nint)depthStart * PaddedWidth(n));
            for (int column = 0; column < n; column += chunkColumns)
            {
                int columns = Math.Min(chunkColumns, n - column);
                RightOperand chunk = RightOperand.Packed(panels + ((nint)column * depth), depth);
                MultiplyChunk(a.From(0, depthStart), m, depth, 1, chunk, columns, blockBeta, c + column, ldc);
            }
        }
    }

    /// <summary>Whole panels for a chunk, at most <see cref="ChunkColumns"/> wide, so that all chunks are about equal.</summary>
    private static int EvenChunk(int n)
    {
        int panels = (int)(((long)n + PanelWidth - 1) / PanelWidth);
        int chunks = Math.Max(1, (int)(((long)n + ChunkColumns - 1) / ChunkColumns));
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

    /// <summary>C (m, columns) ← alpha·A·B + beta·C over one k-block and one chunk of columns.</summary>
    [SkipLocalsInit]
    private static void MultiplyChunk(in LeftOperand a, int m, int depth, float alpha, in RightOperand b, int columns,
        float beta, float* c, nint ldc)
    {
        bool direct = alpha == 1 && (beta == 0 || beta == 1);
        bool aliases = a.DepthStride == 1 && a.RowStride % AliasingStride == 0 && columns > PanelWidth;
        float* tile = stackalloc float[MaxTileRows * MaxPanelWidth];
        float* copy = stackalloc float[MaxTileRows * StripStride];
        for (int row = 0; row < m; row += TOperations.TileRows)
        {
            int rows = Math.Min(TOperations.TileRows, m - row);
            LeftOperand strip = aliases ? CopyStrip(a.From(row, 0), rows, depth, copy) : a.From(row, 0);
            float* rowC = c + (row * ldc);
            for (int column = 0; column < columns; column += PanelWidth)
            {
                int tileColumns = Math.Min(PanelWidth, columns - column);
                int width = PaddedWidth(tileColumns);
                if (direct && tileColumns == width)
                {
                    if (depth >= PrefetchDepth)
                    {
                        PrefetchTile(rows, width, rowC + column, ldc);
                    }

                    MultiplyTile(rows, width, depth, strip, b.Panel(column), b.RowStride(width), beta == 1, rowC + column, ldc);
                }
                else
                {
                    MultiplyTile(rows, width, depth, strip, b.Panel(column), b.RowStride(width), false, tile, width);
                    Merge(tile, width, rows, tileColumns, alpha, beta, rowC + column, ldc);
                }
            }
        }
    }

    private static LeftOperand CopyStrip(in LeftOperand a, int rows, int depth, float* copy)
    {
        for (int row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(a.Origin + (row * a.RowStride), depth).CopyTo(new Span<float>(copy + (row * StripStride), depth));
        }

        return new LeftOperand(copy, StripStride, 1);
    }

    /// <summary>Prefetches C before the multiplications of a tile: the hardware prefetcher does not predict its rows.</summary>
    private static void PrefetchTile(int rows, int width, float* c, nint ldc)
    {
        if (Sse.IsSupported)
        {
            for (int row = 0; row < rows; row++, c += ldc)
            {
                Sse.Prefetch0(c);
                Sse.Prefetch0(c + width - 1);
            }
        }
    }

    private static void MultiplyTile(int rows, int width, int depth, in LeftOperand a, float* panel, nint panelStride, bool accumulate,
        float* c, nint ldc)
    {
        if (width > TOperations.Width)
        {
            SimdTile<TOperations, TVector>.Multiply<C2>(rows, depth, a, panel, panelStride, accumulate, c, ldc);
        }
        else
        {
            SimdTile<TOperations, TVector>.Multiply<C1>(rows, depth, a, panel, panelStride, accumulate, c, ldc);
        }
    }

    /// <summary>C (rows, columns) ← alpha·tile + beta·C, for tiles that the kernel cannot write itself.</summary>
    private static void Merge(float* tile, int width, int rows, int columns, float alpha, float beta, float* c, nint ldc)
    {
        for (int row = 0; row < rows; row++, tile += width, c += ldc)
        {
            if (alpha == 1 && beta == 0)
            {
                new ReadOnlySpan<float>(tile, columns).CopyTo(new Span<float>(c, columns));
                continue;
            }

            // x·1 has the bits of x, so one formula serves all other factors but beta = 0.
            for (int column = 0; column < columns; column++)
            {
                float term = alpha * tile[column];
                c[column] = beta == 0 ? term : (beta * c[column]) + term;
            }
        }
    }
}
