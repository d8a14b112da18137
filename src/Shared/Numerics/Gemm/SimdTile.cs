using System.Runtime.CompilerServices;

namespace NnCluster.Numerics;

/// <summary>
/// Register tile of the GEMM: up to 12 rows × 2 vectors of C, one accumulator an element, over k in order. The accumulators are
/// named locals, since the JIT keeps only those in registers; constant conditions remove the rows and columns that a specialisation
/// does not have.
/// </summary>
internal static unsafe class SimdTile<TOperations, TVector>
    where TOperations : struct, ISimdOperations<TVector>
    where TVector : struct
{
    /// <summary>C (rows, columns·width) ← [C +] A·B by the specialisation for 1 to <c>TileRows</c> rows.</summary>
    public static void Multiply<TColumns>(int rows, nint k, in LeftOperand a, float* b, nint panelStride,
        bool accumulate, float* c, nint ldc)
        where TColumns : struct, IConstant
    {
        switch (rows)
        {
            case 1:
                Multiply<C1, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 2:
                Multiply<C2, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 3:
                Multiply<C3, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 4:
                Multiply<C4, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 5:
                Multiply<C5, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 6:
                Multiply<C6, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 7:
                Multiply<C7, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 8:
                Multiply<C8, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 9:
                Multiply<C9, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 10:
                Multiply<C10, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 11:
                Multiply<C11, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            case 12:
                Multiply<C12, TColumns>(k, a.Origin, a.RowStride, a.DepthStride, b, panelStride, accumulate, c, ldc);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(rows), rows, "A tile has 1 to 12 rows.");
        }
    }

    /// <summary>
    /// C (rows, columns·width) ← [C +] A·B for one k-block, with A read in place and B a panel of
    /// <paramref name="k"/> rows of columns·width floats.
    /// </summary>
    /// <param name="k">Depth of the block.</param>
    /// <param name="a">A[0, 0].</param>
    /// <param name="rowStride">Floats from A[i, k] to A[i + 1, k].</param>
    /// <param name="depthStride">Floats from A[i, k] to A[i, k + 1].</param>
    /// <param name="b">The panel.</param>
    /// <param name="panelStride">Floats from row to row of the panel.</param>
    /// <param name="accumulate">Whether the product is added to C, else it replaces C.</param>
    /// <param name="c">C[0, 0].</param>
    /// <param name="ldc">Floats from row to row of C.</param>
    private static void Multiply<TRows, TColumns>(nint k, float* a, nint rowStride, nint depthStride, float* b,
        nint panelStride, bool accumulate, float* c, nint ldc)
        where TRows : struct, IConstant
        where TColumns : struct, IConstant
    {
        TVector c00 = default, c01 = default;
        TVector c10 = default, c11 = default;
        TVector c20 = default, c21 = default;
        TVector c30 = default, c31 = default;
        TVector c40 = default, c41 = default;
        TVector c50 = default, c51 = default;
        TVector c60 = default, c61 = default;
        TVector c70 = default, c71 = default;
        TVector c80 = default, c81 = default;
        TVector c90 = default, c91 = default;
        TVector c100 = default, c101 = default;
        TVector c110 = default, c111 = default;

        // Four row pointers and two strides address all twelve rows without arithmetic in the loop.
        nint rowStride2 = 2 * rowStride;
        float* a3 = a + (3 * rowStride);
        float* a6 = a + (6 * rowStride);
        float* a9 = a + (9 * rowStride);
        for (; k > 0; k--)
        {
            TVector b0 = TOperations.Load(b);
            TVector b1 = TColumns.Value > 1 ? TOperations.Load(b + TOperations.Width) : default;
            b += panelStride;
            Accumulate<TColumns>(*a, b0, b1, ref c00, ref c01);
            if (TRows.Value > 1)
            {
                Accumulate<TColumns>(a[rowStride], b0, b1, ref c10, ref c11);
            }

            if (TRows.Value > 2)
            {
                Accumulate<TColumns>(a[rowStride2], b0, b1, ref c20, ref c21);
            }

            if (TRows.Value > 3)
            {
                Accumulate<TColumns>(*a3, b0, b1, ref c30, ref c31);
            }

            if (TRows.Value > 4)
            {
                Accumulate<TColumns>(a3[rowStride], b0, b1, ref c40, ref c41);
            }

            if (TRows.Value > 5)
            {
                Accumulate<TColumns>(a3[rowStride2], b0, b1, ref c50, ref c51);
            }

            if (TRows.Value > 6)
            {
                Accumulate<TColumns>(*a6, b0, b1, ref c60, ref c61);
            }

            if (TRows.Value > 7)
            {
                Accumulate<TColumns>(a6[rowStride], b0, b1, ref c70, ref c71);
            }

            if (TRows.Value > 8)
            {
                Accumulate<TColumns>(a6[rowStride2], b0, b1, ref c80, ref c81);
            }

            if (TRows.Value > 9)
            {
                Accumulate<TColumns>(*a9, b0, b1, ref c90, ref c91);
            }

            if (TRows.Value > 10)
            {
                Accumulate<TColumns>(a9[rowStride], b0, b1, ref c100, ref c101);
            }

            if (TRows.Value > 11)
            {
                Accumulate<TColumns>(a9[rowStride2], b0, b1, ref c110, ref c111);
            }

            a += depthStride;
            a3 += depthStride;
            a6 += depthStride;
            a9 += depthStride;
        }

        Write<TColumns>(c00, c01, accumulate, c);
        if (TRows.Value > 1)
        {
            Write<TColumns>(c10, c11, accumulate, c + ldc);
        }

        if (TRows.Value > 2)
        {
            Write<TColumns>(c20, c21, accumulate, c + (2 * ldc));
        }

        if (TRows.Value > 3)
        {
            Write<TColumns>(c30, c31, accumulate, c + (3 * ldc));
        }

        if (TRows.Value > 4)
        {
            Write<TColumns>(c40, c41, accumulate, c + (4 * ldc));
        }

        if (TRows.Value > 5)
        {
            Write<TColumns>(c50, c51, accumulate, c + (5 * ldc));
        }

        if (TRows.Value > 6)
        {
            Write<TColumns>(c60, c61, accumulate, c + (6 * ldc));
        }

        if (TRows.Value > 7)
        {
            Write<TColumns>(c70, c71, accumulate, c + (7 * ldc));
        }

        if (TRows.Value > 8)
        {
            Write<TColumns>(c80, c81, accumulate, c + (8 * ldc));
        }

        if (TRows.Value > 9)
        {
            Write<TColumns>(c90, c91, accumulate, c + (9 * ldc));
        }

        if (TRows.Value > 10)
        {
            Write<TColumns>(c100, c101, accumulate, c + (10 * ldc));
        }

        if (TRows.Value > 11)
        {
            Write<TColumns>(c110, c111, accumulate, c + (11 * ldc));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<TColumns>(float a, TVector b0, TVector b1, ref TVector c0, ref TVector c1)
        where TColumns : struct, IConstant
    {
        TVector broadcast = TOperations.Broadcast(a);
        c0 = TOperations.MultiplyAdd(broadcast, b0, c0);
        if (TColumns.Value > 1)
        {
            c1 = TOperations.MultiplyAdd(broadcast, b1, c1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TColumns>(TVector c0, TVector c1, bool accumulate, float* c)
        where TColumns : struct, IConstant
    {
        TOperations.Store(accumulate ? TOperations.Add(TOperations.Load(c), c0) : c0, c);
        if (TColumns.Value > 1)
        {
            c += TOperations.Width;
            TOperations.Store(accumulate ? TOperations.Add(TOperations.Load(c), c1) : c1, c);
        }
    }
}
