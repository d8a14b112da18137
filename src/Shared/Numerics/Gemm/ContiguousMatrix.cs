namespace NnCluster.Numerics;

/// <summary>
/// Packed matrix of the backends that pack internally: a copy of B without gaps, in its original orientation, so that the product
/// runs through the same code as one with the original and has the same bits.
/// </summary>
internal static class ContiguousMatrix
{
    /// <summary>Allocates memory for B (k, n).</summary>
    public static PackedMatrix Create(int k, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        long length = (long)k * n;
        return length <= Array.MaxLength
            ? new PackedMatrix(k, n, (int)length)
            : throw new ArgumentOutOfRangeException(nameof(n), n, $"A packed matrix of depth {k} and this width is too large.");
    }

    /// <summary>Copies op(B), keeping its orientation.</summary>
    public static void Copy(Transpose transposeB, ReadOnlySpan<float> b, int ldb, PackedMatrix destination)
    {
        Validate(destination, nameof(destination));
        GemmArguments.ValidateOperand(transposeB, destination.K, destination.N, b.Length, ldb, nameof(b), nameof(ldb));
        destination.Stored = transposeB;
        int rows = transposeB == Transpose.No ? destination.K : destination.N;
        int width = LeadingDimension(destination);
        for (int row = 0; width > 0 && row < rows; row++)
        {
            b.Slice((int)((long)row * ldb), width).CopyTo(destination.Memory.Span[(row * width)..]);
        }
    }

    /// <summary>Floats from row to row of the copy.</summary>
    public static int LeadingDimension(PackedMatrix packed) => packed.Stored == Transpose.No ? packed.N : packed.K;

    /// <summary>Checks that the matrix was created by <see cref="Create"/>.</summary>
    public static void Validate(PackedMatrix packed, string name)
    {
        ArgumentNullException.ThrowIfNull(packed, name);
        GemmArguments.ValidatePackedLength(packed, (int)((long)packed.K * packed.N), name);
    }
}
