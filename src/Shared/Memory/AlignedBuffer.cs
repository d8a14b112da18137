using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NnCluster.Memory;

/// <summary>
/// Zeroed floats outside the garbage-collected heap, aligned to a cache line so that no vector load crosses one. The
/// owner disposes the buffer; the finalizer frees one that was not disposed.
/// </summary>
public sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Alignment of the first element in bytes.</summary>
    public const int Alignment = 64;

    private readonly SafeHandle? _owner;
    private float* _memory;

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    public AlignedBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        nuint bytes = BytesOf(length);
        _memory = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(_memory, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    /// <summary>A view of memory that another object owns.</summary>
    /// <param name="owner">Owner of the memory; one counted reference to it passes to the view.</param>
    /// <param name="memory">First element, aligned, with a spare vector behind the last element.</param>
    /// <param name="length">Number of floats.</param>
    internal AlignedBuffer(SafeHandle owner, float* memory, int length)
    {
        Length = length;
        _owner = owner;
        _memory = memory;
    }

    /// <summary>Number of floats.</summary>
    public int Length { get; }

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

    /// <summary>Address of the first element; null after disposal.</summary>
    internal float* Address => _memory;

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // One spare vector behind the last element: kernels may read (never write) a whole vector over it.
    private static nuint BytesOf(int length) => (((nuint)length * sizeof(float)) + Alignment + Alignment - 1) / Alignment * Alignment;

    private void Free()
    {
        if (_memory == null)
        {
            return;
        }

        if (_owner is not null)
        {
            _memory = null;
            _owner.DangerousRelease();
            return;
        }

        NativeMemory.AlignedFree(_memory);
        _memory = null;
        GC.RemoveMemoryPressure((long)BytesOf(Length));
    }

    /// <summary>Frees the memory of a buffer that was not disposed.</summary>
    ~AlignedBuffer() => Free();
}
