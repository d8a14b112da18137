using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>
/// References to tensors that a peer may read in place. A tensor is leased until a model state of a later step is known;
/// its pool cannot rent it again before. Any thread may use it.
/// </summary>
internal sealed class TensorLeases : IDisposable
{
    // An array and not a list: methods of a list of structs are not compiled ahead of time.
    private Lease[] _held = new Lease[16];
    private int _count;
    private readonly Lock _gate = new();
    private long _newestStep = -1;
    private bool _disposed;

    /// <summary>Number of tensors leased.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>
    /// Leases a tensor, once; its renter's reference stays the caller's. A tensor of an older step than the newest model
    /// state is not leased: no peer reads it any more.
    /// </summary>
    public void Hold(RefCountedBuffer tensor, long step)
    {
        lock (_gate)
        {
            if (_disposed || step < _newestStep)
            {
                return;
            }

            for (int i = 0; i < _count; i++)
            {
                if (_held[i].Tensor == tensor)
                {
                    return;
                }
            }

            if (_count == _held.Length)
            {
                Array.Resize(ref _held, 2 * _count);
            }

            _held[_count++] = new(tensor.Share(), step);
        }
    }

    /// <summary>A model state of a step was sent or received: ends the leases of older steps.</summary>
    public void EndBefore(long step)
    {
        lock (_gate)
        {
            if (step > _newestStep)
            {
                _newestStep = step;
                End(before: step);
            }
        }
    }

    /// <summary>Ends all leases; nothing is leased any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            End(before: null);
        }
    }

    private void End(long? before)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            Lease lease = _held[i];
            if (lease.Step >= before)
            {
                _held[kept++] = lease;
            }
            else
            {
                lease.Tensor.Release();
            }
        }

        Array.Clear(_held, kept, _count - kept);
        _count = kept;
    }

    private readonly record struct Lease(RefCountedBuffer Tensor, long Step);
}
