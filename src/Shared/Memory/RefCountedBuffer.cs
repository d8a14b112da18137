namespace NnCluster.Memory;

/// <summary>
/// A float buffer with a count of references. The renter holds the first reference and is the only writer until it
/// shares or sends the buffer; from then on nobody writes until the last reference is released and the buffer is
/// rented again.
/// </summary>
public sealed class RefCountedBuffer
{
    private readonly BufferShelf? _shelf;
    private int _references;

    internal RefCountedBuffer(BufferShelf shelf, AlignedBuffer memory)
    {
        _shelf = shelf;
        Memory = memory;
    }

    /// <summary>A buffer of no pool, with one reference; releasing the last one disposes the memory.</summary>
    internal RefCountedBuffer(AlignedBuffer memory)
    {
        Memory = memory;
        Claim();
    }

    /// <summary>The elements.</summary>
    public Span<float> Span => Memory.Span;

    /// <summary>Number of floats.</summary>
    public int Length => Memory.Length;

    /// <summary>The memory, for readers that need more than a span; only this object disposes it.</summary>
    public AlignedBuffer Memory { get; }

    /// <summary>Adds a reference; its holder calls <see cref="Release"/>.</summary>
    /// <exception cref="InvalidOperationException">Every reference has been released.</exception>
    public RefCountedBuffer Share()
    {
        int before = Interlocked.Increment(ref _references) - 1;
        if (before < 1)
        {
            throw new InvalidOperationException("A buffer without references cannot be shared.");
        }

        return this;
    }

    /// <summary>Gives up one reference; the last one returns the buffer to its pool.</summary>
    /// <exception cref="InvalidOperationException">Every reference has been released before.</exception>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        if (left == 0 && _shelf is null)
        {
            Memory.Dispose();
        }
        else if (left == 0)
        {
            _shelf!.Return(this);
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("A buffer was released more often than it was shared.");
        }
    }

    internal void Claim() => Volatile.Write(ref _references, 1);
}
