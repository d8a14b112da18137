namespace NnCluster.Link;

/// <summary>
/// Frames that wait to be sent. Any thread may add; one thread takes. A frame's reference to its tensor passes to the
/// queue, which releases it if the frame is never taken.
/// </summary>
/// <param name="limit">Most frames that may wait.</param>
internal sealed class SendQueue(int limit)
{
    private readonly Queue<LinkFrame> _frames = new();
    private readonly object _gate = new();
    private bool _finished;
    private bool _closed;

    /// <summary>Results of <see cref="Add"/>.</summary>
    public enum Result
    {
        /// <summary>The frame is queued.</summary>
        Queued,

        /// <summary>Too many frames wait; the frame was released.</summary>
        Full,

        /// <summary>The last frame was queued, or the queue is closed; the frame was released.</summary>
        Ended,
    }

    /// <summary>Whether no frame waits and one may be added.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _frames.Count == 0 && !_finished && !_closed;
            }
        }
    }

    /// <summary>Adds a frame.</summary>
    public Result Add(LinkFrame frame)
    {
        Result result;
        lock (_gate)
        {
            result = _finished || _closed ? Result.Ended : _frames.Count >= limit ? Result.Full : Result.Queued;
            if (result == Result.Queued)
            {
                _frames.Enqueue(frame);
                Monitor.Pulse(_gate);
                return result;
            }
        }

        frame.Buffer?.Release();
        return result;
    }

    /// <summary>Adds the last frame, even if too many wait; does nothing if the queue has ended.</summary>
    public void Finish(GoodbyeFrame goodbye)
    {
        lock (_gate)
        {
            if (!_finished && !_closed)
            {
                _finished = true;
                _frames.Enqueue(goodbye);
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Waits for a frame and takes it.</summary>
    /// <returns>Null if the queue is closed.</returns>
    public LinkFrame? Next()
    {
        lock (_gate)
        {
            while (_frames.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            return _closed ? null : _frames.Dequeue();
        }
    }

    /// <summary>Releases the frames that wait and ends <see cref="Next"/>.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            while (_frames.TryDequeue(out LinkFrame? frame))
            {
                frame.Buffer?.Release();
            }

            Monitor.PulseAll(_gate);
        }
    }
}
