using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NnCluster.Memory;

/// <summary>
/// A zeroed block of floats outside the garbage-collected heap, aligned to a cache line so that any vector load is
/// whole. The owner disposes it; a forgotten one is freed by its finalizer.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Bytes to which the first element is aligned.</summary>
    public const int Alignment = 64;

    private float* _memory;

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    public AlignedBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        // One spare vector at the end: kernels may read (never write) a whole vector over the last elements.
        nuint bytes = (((nuint)length * sizeof(float)) + Alignment + Alignment - 1) / Alignment * Alignment;
        _memory = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_memory, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    /// <summary>A view of memory that has been counted as held for it.</summary>
    internal AlignedBuffer(SharedMemory home, int place, float* memory)
    {
        Length = home.Length;
        Home = home;
        Place = place;
        _memory = memory;
    }

    /// <summary>Number of floats.</summary>
    public int Length { get; }

    /// <summary>The memory this is a part of, where other processes see it; null: it is this process's own.</summary>
    public SharedMemory? Home { get; }

    /// <summary>Which buffer of its <see cref="Home"/> it is.</summary>
    public int Place { get; }

    /// <summary>All elements.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public Span<float> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ObjectDisposedException.ThrowIf(_memory == null, this);
            return new(_memory, Length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_memory != null && Home is not null)
        {
            _memory = null;
            Home.DangerousRelease();
        }
        else if (_memory != null)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            nuint bytes = (((nuint)Length * sizeof(float)) + Alignment + Alignment - 1) / Alignment * Alignment;
            GC.RemoveMemoryPressure((long)bytes);
        }
    }

    /// <summary>Frees the memory of a buffer nobody disposed.</summary>
    ~AlignedBuffer() => Free();
}
