using System.Buffers;
using System.Text.Json;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Appends run events to two JSON-lines files on a thread of its own. Telling it an event costs a lock and a list
/// append; it never waits for the disk. Lines reach the files every second, at each epoch and other rare event, and at
/// the end. A failure to write is kept and thrown to whoever calls next.
/// </summary>
internal sealed class RunEventLog : IDisposable
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly LineFile _metrics;
    private readonly LineFile _events;
    private readonly Thread _writer;
    private List<RunEvent> _pending = [];
    private List<RunEvent> _writing = [];
    private bool _flushAsked;
    private bool _closed;
    private bool _idle = true;
    private RunDirectoryException? _failure;
    private bool _failureThrown;

    public RunEventLog(FileStream metrics, FileStream events)
    {
        _metrics = new(metrics);
        _events = new(events);
        _writer = new(WriteUntilClosed) { IsBackground = true, Name = "run directory writer" };
        _writer.Start();
    }

    /// <exception cref="RunDirectoryException">An earlier event could not be written.</exception>
    public void Append(RunEvent runEvent)
    {
        ArgumentNullException.ThrowIfNull(runEvent);
        lock (_gate)
        {
            ThrowIfFailed();
            ObjectDisposedException.ThrowIf(_closed, this);
            _pending.Add(runEvent);
            // Steps and worker reports come thousands a second and wait for the interval; the rest is worth a wake-up.
            if (runEvent is not (StepCompleted or WorkerProgress))
            {
                _flushAsked = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits until everything told so far is in the files.</summary>
    /// <exception cref="RunDirectoryException">It could not be written.</exception>
    public void Flush()
    {
        lock (_gate)
        {
            _flushAsked = true;
            Monitor.PulseAll(_gate);
            while (_failure is null && !(_idle && _pending.Count == 0))
            {
                Monitor.Wait(_gate);
            }

            ThrowIfFailed();
        }
    }

    /// <summary>Writes the rest and closes the files.</summary>
    /// <exception cref="RunDirectoryException">Something could not be written, and nobody was told yet.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }

        _writer.Join();
        lock (_gate)
        {
            if (!_failureThrown)
            {
                ThrowIfFailed();
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            _failureThrown = true;
            throw new RunDirectoryException(_failure.Path, _failure.InnerException!);
        }
    }

    private void WriteUntilClosed()
    {
        try
        {
            while (TakePending())
            {
                foreach (RunEvent runEvent in _writing)
                {
                    Write(runEvent);
                }

                _metrics.Flush();
                _events.Flush();
            }
        }
        catch (RunDirectoryException failure)
        {
            lock (_gate)
            {
                _failure = failure;
                Monitor.PulseAll(_gate);
            }
        }
        finally
        {
            _metrics.Dispose();
            _events.Dispose();
        }
    }

    /// <summary>Waits for the interval or a request and swaps the lists; false when closed and nothing is left.</summary>
    private bool TakePending()
    {
        lock (_gate)
        {
            _writing.Clear();
            _idle = true;
            Monitor.PulseAll(_gate);
            while (!_closed && (_pending.Count == 0 || !_flushAsked))
            {
                bool asked = Monitor.Wait(_gate, FlushInterval);
                if (!asked && _pending.Count > 0)
                {
                    break;
                }
            }

            (_pending, _writing) = (_writing, _pending);
            _flushAsked = false;
            _idle = false;
            return _writing.Count > 0;
        }
    }

    private void Write(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepCompleted step:
                RunEventJson.WriteStep(_metrics.Json, step);
                _metrics.EndLine();
                break;
            case EpochCompleted epoch:
                RunEventJson.WriteEpoch(_metrics.Json, epoch);
                _metrics.EndLine();
                break;
            default:
                RunEventJson.WriteEvent(_events.Json, runEvent);
                _events.EndLine();
                break;
        }
    }

    /// <summary>A file of JSON objects, one a line, gathered in memory until it is worth a write.</summary>
    private sealed class LineFile(FileStream stream) : IDisposable
    {
        private const int WriteThreshold = 1 << 16;

        private readonly ArrayBufferWriter<byte> _buffer = new(2 * WriteThreshold);

        public Utf8JsonWriter Json => field ??= new(_buffer, new() { SkipValidation = true });

        public void EndLine()
        {
            Json.Flush();
            Json.Reset();
            _buffer.Write("\n"u8);
            if (_buffer.WrittenCount >= WriteThreshold)
            {
                Flush();
            }
        }

        public void Flush()
        {
            if (_buffer.WrittenCount > 0)
            {
                RunDirectoryException.Guard(stream.Name, () =>
                {
                    stream.Write(_buffer.WrittenSpan);
                    stream.Flush();
                });
                _buffer.ResetWrittenCount();
            }
        }

        public void Dispose()
        {
            Json.Dispose();
            stream.Dispose();
        }
    }
}
