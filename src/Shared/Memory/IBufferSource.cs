namespace NnCluster.Memory;

/// <summary>Makes the memory of a pool's buffers. Called by one thread at a time.</summary>
internal interface IBufferSource
{
    /// <summary>Floats in each buffer.</summary>
    int Length { get; }

    /// <summary>Makes one more buffer.</summary>
    /// <returns>Null if the source is exhausted.</returns>
    AlignedBuffer? TryMake();
}

/// <summary>Memory of this process alone; never exhausted.</summary>
internal sealed class HeapSource(int length) : IBufferSource
{
    /// <inheritdoc/>
    public int Length { get; } = length;

    /// <inheritdoc/>
    public AlignedBuffer TryMake() => new(Length);
}

/// <summary>The buffers of a shared region, each made once.</summary>
internal sealed class RegionSource(SharedMemory region) : IBufferSource
{
    private int _next;

    /// <inheritdoc/>
    public int Length => region.Length;

    /// <inheritdoc/>
    public AlignedBuffer? TryMake() => _next < region.Count ? region.BufferAt(_next++) : null;
}
