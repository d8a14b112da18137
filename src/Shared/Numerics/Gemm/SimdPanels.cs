using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace NnCluster.Numerics;

/// <summary>
/// Writes panels of B: <c>depth</c> rows of <c>width</c> floats each, one after the other, columns beyond the matrix zero.
/// </summary>
internal static unsafe class SimdPanels
{
    /// <summary>Copies B (depth, columns), stored row by row, into a panel (depth, width).</summary>
    public static void Copy(float* b, nint ldb, int depth, int columns, float* panel, int width)
    {
        if (columns == width)
        {
            for (int row = 0; row < depth; row++, b += ldb, panel += width)
            {
                CopyRow(b, panel, width);
            }

            return;
        }

        for (int row = 0; row < depth; row++, b += ldb, panel += width)
        {
            new ReadOnlySpan<float>(b, columns).CopyTo(new Span<float>(panel, columns));
            new Span<float>(panel + columns, width - columns).Clear();
        }
    }

    /// <summary>Copies B (depth, columns), stored transposed as (columns, depth), into a panel (depth, width).</summary>
    public static void Transpose(float* b, nint ldb, int depth, int columns, float* panel, int width)
    {
        // Four depths at a time over all columns: writes whole cache lines while those of the source are in L1.
        int row = 0;
        for (; row <= depth - 4; row += 4)
        {
            float* destination = panel + ((nint)row * width);
            int column = 0;
            for (; column <= columns - 4; column += 4)
            {
                Transpose4x4(b + (column * ldb) + row, ldb, destination + column, width);
            }

            TransposeScalar(b + (column * ldb) + row, ldb, 4, columns - column, destination + column, width, width - column);
        }

        TransposeScalar(b + row, ldb, depth - row, columns, panel + ((nint)row * width), width, width);
    }

    /// <summary>Transposes <paramref name="columns"/> columns and clears those up to <paramref name="padded"/>.</summary>
    private static void TransposeScalar(float* b, nint ldb, int depth, int columns, float* destination, nint stride, int padded)
    {
        for (int row = 0; row < depth; row++, destination += stride)
        {
            for (int column = 0; column < columns; column++)
            {
                destination[column] = b[(column * ldb) + row];
            }

            for (int column = columns; column < padded; column++)
            {
                destination[column] = 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow(float* source, float* destination, int width)
    {
        // Panel widths are 4, 8, 16 or 32.
        if (width >= 16)
        {
            Vector512.Load(source).Store(destination);
            if (width == 32)
            {
                Vector512.Load(source + 16).Store(destination + 16);
            }
        }
        else
        {
            Vector128.Load(source).Store(destination);
            if (width == 8)
            {
                Vector128.Load(source + 4).Store(destination + 4);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        Vector128<float> row0 = Vector128.Load(source);
        Vector128<float> row1 = Vector128.Load(source + sourceStride);
        Vector128<float> row2 = Vector128.Load(source + (2 * sourceStride));
        Vector128<float> row3 = Vector128.Load(source + (3 * sourceStride));
        // Interleaving rows 0 with 2 and 1 with 3, then those two, transposes.
        Vector128<float> low02 = InterleaveLow(row0, row2);
        Vector128<float> high02 = InterleaveHigh(row0, row2);
        Vector128<float> low13 = InterleaveLow(row1, row3);
        Vector128<float> high13 = InterleaveHigh(row1, row3);
        InterleaveLow(low02, low13).Store(destination);
        InterleaveHigh(low02, low13).Store(destination + destinationStride);
        InterleaveLow(high02, high13).Store(destination + (2 * destinationStride));
        InterleaveHigh(high02, high13).Store(destination + (3 * destinationStride));
    }

    /// <summary>(l0, r0, l1, r1)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveLow(Vector128<float> left, Vector128<float> right) =>
        Sse.IsSupported ? Sse.UnpackLow(left, right)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(left, right)
        : Vector128.Create(left[0], right[0], left[1], right[1]);

    /// <summary>(l2, r2, l3, r3)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveHigh(Vector128<float> left, Vector128<float> right) =>
        Sse.IsSupported ? Sse.UnpackHigh(left, right)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(left, right)
        : Vector128.Create(left[2], right[2], left[3], right[3]);
}
