namespace NnCluster.Numerics;

/// <summary>op(A), read in place: element (i, k) is at <c>Origin[i·RowStride + k·DepthStride]</c>.</summary>
internal readonly unsafe struct LeftOperand(float* origin, nint rowStride, nint depthStride)
{
    public LeftOperand(Transpose transpose, float* a, nint lda)
        : this(a, transpose == Transpose.No ? lda : 1, transpose == Transpose.No ? 1 : lda)
    {
    }

    public float* Origin { get; } = origin;

    public nint RowStride { get; } = rowStride;

    public nint DepthStride { get; } = depthStride;

    /// <summary>The operand from a row and a depth on.</summary>
    public LeftOperand From(nint row, nint depth) =>
        new(Origin + (row * RowStride) + (depth * DepthStride), RowStride, DepthStride);
}

/// <summary>A k-block of B, cut into panels of one or two vectors of columns.</summary>
internal readonly unsafe struct RightOperand
{
    private readonly float* _origin;
    private readonly nint _columnStride;
    private readonly nint _ldb;

    private RightOperand(float* origin, nint columnStride, nint ldb)
    {
        _origin = origin;
        _columnStride = columnStride;
        _ldb = ldb;
    }

    /// <summary>Panels of <paramref name="depth"/> rows packed one after the other.</summary>
    public static RightOperand Packed(float* panels, int depth) => new(panels, depth, 0);

    /// <summary>Rows of B as they are stored; whole vectors of columns only.</summary>
    public static RightOperand InPlace(float* b, nint ldb) => new(b, 1, ldb);

    /// <summary>The first element of the panel that begins at <paramref name="column"/>.</summary>
    public float* Panel(int column) => _origin + (column * _columnStride);

    /// <summary>Floats from row to row of a panel of <paramref name="width"/> columns.</summary>
    public nint RowStride(int width) => _ldb == 0 ? width : _ldb;
}
