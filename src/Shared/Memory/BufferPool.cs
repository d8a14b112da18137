
namespace NnCluster.Memory;

/// <summary>
/// A float buffer that several readers share and that goes back to its pool when the last one lets go. Who rents it
/// holds one reference and is the only writer; once it has been sent, nobody writes until it is rented again.
/// </summary>
public sealed class RefCountedBuffer
{
    private readonly BufferPool? _pool;
    private int _references;

    internal RefCountedBuffer(BufferPool pool, AlignedBuffer memory)
    {
        _pool = pool;
        Memory = memory;
    }

    /// <summary>A buffer of no pool, with one reference; the last one disposes the memory.</summary>
    internal RefCountedBuffer(AlignedBuffer memory)
    {
        Memory = memory;
        Claim();
    }

    /// <summary>The elements.</summary>
    public Span<float> Span => Memory.Span;

    /// <summary>Number of floats.</summary>
    public int Length => Memory.Length;

    /// <summary>The memory itself, for who needs it beyond a span; not the reader's to dispose.</summary>
    public AlignedBuffer Memory { get; }

    /// <summary>Adds a reader, who must call <see cref="Release"/>.</summary>
    public RefCountedBuffer Share()
    {
        int before = Interlocked.Increment(ref _references) - 1;
        if (before < 1)
        {
            throw new InvalidOperationException("A buffer that nobody holds cannot be shared.");
        }

        return this;
    }

    /// <summary>Gives up one reference; the last one returns the buffer to its pool.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        if (left == 0 && _pool is null)
        {
            Memory.Dispose();
        }
        else if (left == 0)
        {
            _pool!.Return(this);
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("A buffer was released more often than it was shared.");
        }
    }

    internal void Claim() => Volatile.Write(ref _references, 1);
}

/// <summary>
/// Buffers of one length for the whole life of a run: after the first steps nothing is allocated. A buffer that is
/// never released (its holder died) is freed by the finalizer of its memory. Any thread may rent and return.
/// </summary>
public sealed class BufferPool(int length) : IDisposable
{
    private readonly Stack<RefCountedBuffer> _free = new();
    private readonly Stack<RefCountedBuffer> _freeShown = new();
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <summary>Floats in each buffer.</summary>
    public int Length { get; } = length;

    /// <summary>Buffers made since the pool began.</summary>
    public int Created { get; private set; }

    /// <summary>A buffer with undefined contents and one reference.</summary>
    public RefCountedBuffer Rent()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_freeShown.TryPop(out RefCountedBuffer? buffer) && !_free.TryPop(out buffer))
            {
                buffer = new RefCountedBuffer(this, new AlignedBuffer(Length));
                Created++;
            }

            buffer.Claim();
            return buffer;
        }
    }

    /// <summary>Adds the buffers of a memory that other processes see, to be rented before all others.</summary>
    public void Add(SharedMemory memory)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(memory.Length, Length);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            for (int place = memory.Count - 1; place >= 0; place--)
            {
                _freeShown.Push(new RefCountedBuffer(this, memory.BufferAt(place)));
                Created++;
            }
        }
    }

    /// <summary>Frees the buffers at rest; those still held are freed when they come back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_freeShown.TryPop(out RefCountedBuffer? buffer) || _free.TryPop(out buffer))
            {
                buffer.Memory.Dispose();
            }
        }
    }

    internal void Return(RefCountedBuffer buffer)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                buffer.Memory.Dispose();
            }
            else
            {
                (buffer.Memory.Home is null ? _free : _freeShown).Push(buffer);
            }
        }
    }
}
