using NnCluster.Memory;

namespace NnCluster.Numerics;

/// <summary>A right operand (k, n) in the memory order of one <see cref="IBlas"/>. Written by one thread at a time.</summary>
public sealed class PackedMatrix(int k, int n, int length) : IDisposable
{
    /// <summary>Rows of the operand: the depth of the product.</summary>
    public int K { get; } = k;

    /// <summary>Columns of the operand.</summary>
    public int N { get; } = n;

    /// <summary>Orientation of the operand in memory, for backends that keep the original one.</summary>
    internal Transpose Stored { get; set; }

    internal AlignedBuffer Memory { get; } = new(length);

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();
}
