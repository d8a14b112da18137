
namespace NnCluster.Memory;

/// <summary>
/// Buffers of one length that are rented and returned for the whole of a run: after the first steps nothing is
/// allocated. The finalizer of its memory frees a buffer that is never released. Any thread may rent and return.
/// </summary>
public sealed class BufferPool : IDisposable
{
    private readonly Lock _gate = new();

    // In the order of renting; replaced as a whole. The heap is the last and never exhausted.
    private volatile BufferShelf[] _shelves;
    private bool _disposed;

    /// <summary>Creates an empty pool that allocates from the heap.</summary>
    /// <param name="length">Floats in each buffer.</param>
    public BufferPool(int length)
    {
        Length = length;
        _shelves = [new(new HeapSource(length))];
    }

    /// <summary>Floats in each buffer.</summary>
    public int Length { get; }

    /// <summary>Buffers made so far by the sources that the pool now has.</summary>
    public int Created => _shelves.Sum(shelf => shelf.Created);

    /// <summary>A buffer with undefined contents and one reference.</summary>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public RefCountedBuffer Rent()
    {
        foreach (BufferShelf shelf in _shelves)
        {
            if (shelf.TryRent() is { } buffer)
            {
                return buffer;
            }
        }

        throw new ObjectDisposedException(nameof(BufferPool));
    }

    /// <summary>Frees the buffers at rest; a rented buffer is freed when it is returned.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (BufferShelf shelf in _shelves)
            {
                shelf.Retire();
            }
        }
    }

    /// <summary>Adds a source whose buffers are rented before all others.</summary>
    /// <param name="source">Makes buffers of <see cref="Length"/> floats.</param>
    /// <returns>The shelf to give to <see cref="Remove"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The source's buffers have another length.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    internal BufferShelf Prefer(IBufferSource source)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(source.Length, Length, nameof(source));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var shelf = new BufferShelf(source);
            _shelves = [shelf, .. _shelves];
            return shelf;
        }
    }

    /// <summary>Removes a source: none of its buffers is rented again.</summary>
    internal void Remove(BufferShelf shelf)
    {
        lock (_gate)
        {
            _shelves = [.. _shelves.Where(held => held != shelf)];
            shelf.Retire();
        }
    }
}

/// <summary>The buffers of one source that are at rest. Any thread may use it.</summary>
internal sealed class BufferShelf(IBufferSource source)
{
    private readonly Stack<RefCountedBuffer> _free = new();
    private readonly Lock _gate = new();
    private bool _retired;

    /// <summary>Buffers made so far.</summary>
    public int Created { get; private set; }

    /// <summary>Rents a buffer.</summary>
    /// <returns>Null if the source is exhausted, or retired.</returns>
    public RefCountedBuffer? TryRent()
    {
        lock (_gate)
        {
            if (_retired)
            {
                return null;
            }

            if (!_free.TryPop(out RefCountedBuffer? buffer))
            {
                if (source.TryMake() is not { } memory)
                {
                    return null;
                }

                buffer = new(this, memory);
                Created++;
            }

            buffer.Claim();
            return buffer;
        }
    }

    /// <summary>Takes back a buffer without references.</summary>
    public void Return(RefCountedBuffer buffer)
    {
        lock (_gate)
        {
            if (_retired)
            {
                buffer.Memory.Dispose();
            }
            else
            {
                _free.Push(buffer);
            }
        }
    }

    /// <summary>Frees the buffers at rest; a rented buffer is freed when it is returned.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _retired = true;
            while (_free.TryPop(out RefCountedBuffer? buffer))
            {
                buffer.Memory.Dispose();
            }
        }
    }
}
