using System.Runtime.CompilerServices;

namespace NnCluster.Numerics;

/// <summary>Argument checks of every <see cref="IBlas"/>, before it touches memory.</summary>
internal static class GemmArguments
{
    /// <summary>Checks all sizes of <see cref="IBlas.Gemm"/>.</summary>
    public static void Validate(Transpose transposeA, Transpose transposeB, int m, int n, int k,
        int lengthA, int lda, int lengthB, int ldb, int lengthC, int ldc)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ValidateOperand(transposeA, m, k, lengthA, lda, "a", "lda");
        ValidateOperand(transposeB, k, n, lengthB, ldb, "b", "ldb");
        ValidateMatrix(m, n, lengthC, ldc, "c", "ldc");
    }

    /// <summary>Checks the sizes of <see cref="IBlas.GemmPacked"/>.</summary>
    public static void ValidatePacked(Transpose transposeA, int m, int lengthA, int lda, PackedMatrix b, int packedLength,
        int lengthC, int ldc)
    {
        ArgumentNullException.ThrowIfNull(b);
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ValidatePackedLength(b, packedLength, nameof(b));
        ValidateOperand(transposeA, m, b.K, lengthA, lda, "a", "lda");
        ValidateMatrix(m, b.N, lengthC, ldc, "c", "ldc");
    }

    /// <summary>Checks that a packed matrix was created by the same backend.</summary>
    public static void ValidatePackedLength(PackedMatrix packed, int packedLength, string name)
    {
        ArgumentNullException.ThrowIfNull(packed, name);
        if (packed.Memory.Length != packedLength)
        {
            throw new ArgumentException(
                $"The packed matrix ({packed.K}, {packed.N}) holds {packed.Memory.Length} floats where this backend needs "
                + $"{packedLength}; it must come from the same backend's CreatePacked.", name);
        }
    }

    /// <summary>Checks op(X) of shape (rows, columns) stored row by row, or transposed.</summary>
    public static void ValidateOperand(Transpose transpose, int rows, int columns, int length, int ld, string name, string ldName)
    {
        switch (transpose)
        {
            case Transpose.No:
                ValidateMatrix(rows, columns, length, ld, name, ldName);
                break;
            case Transpose.Yes:
                ValidateMatrix(columns, rows, length, ld, name, ldName);
                break;
            default:
                throw new ArgumentOutOfRangeException($"transpose{name.ToUpperInvariant()}", transpose, "Must be No or Yes.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ValidateMatrix(int rows, int columns, int length, int ld, string name, string ldName)
    {
        if (ld < columns)
        {
            throw new ArgumentException($"A row of {columns} elements needs {ldName} ≥ {columns}, not {ld}.", ldName);
        }

        long needed = rows == 0 || columns == 0 ? 0 : ((rows - 1L) * ld) + columns;
        if (length < needed)
        {
            throw new ArgumentException(
                $"A matrix ({rows}, {columns}) with {ldName} = {ld} needs {needed} elements, not {length}.", name);
        }
    }
}
