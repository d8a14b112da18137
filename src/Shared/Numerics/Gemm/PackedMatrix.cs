using NnCluster.Memory;

namespace NnCluster.Numerics;

/// <summary>A right operand (k, n) in the order one <see cref="IBlas"/> likes best. Written by one thread at a time.</summary>
public sealed class PackedMatrix(int k, int n, int length) : IDisposable
{
    /// <summary>Rows of the operand: the depth of the product.</summary>
    public int K { get; } = k;

    /// <summary>Columns of the operand.</summary>
    public int N { get; } = n;

    /// <summary>How the operand lies in memory, for backends that keep it as it came.</summary>
    internal Transpose Stored { get; set; }

    internal AlignedBuffer Memory { get; } = new(length);

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
