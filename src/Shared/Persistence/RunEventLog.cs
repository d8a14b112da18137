using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Appends run events to two JSON-lines files on a thread of its own. Telling it an event costs a lock and a list
/// append; it never waits for the disk. Lines reach the files every second, at each epoch and other rare event, and at
/// the end. Lines that cannot be written, because the disk is full, are kept and tried again every second; beyond
/// <see cref="HeldLimit"/> bytes of them the next call fails.
/// </summary>
internal sealed class RunEventLog : IDisposable
{
    /// <summary>Bytes of lines that are kept while they cannot be written: some 300,000 steps.</summary>
    public const int HeldLimit = 1 << 26;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly LineFile _metrics;
    private readonly LineFile _events;
    private readonly TimeProvider _time;
    private readonly long? _evaluated;
    private readonly Thread _writer;
    private List<(RunEvent Event, DateTime Time)> _pending = [];
    private List<(RunEvent Event, DateTime Time)> _writing = [];
    private bool _flushAsked;
    private bool _closed;
    private long _flushes;
    private long _flushed;
    private RunDirectoryException? _failure;
    private bool _overflowed;
    private bool _failureThrown;

    /// <summary>Goes on at the position of each file.</summary>
    /// <param name="metrics">Gets steps and epochs.</param>
    /// <param name="events">Gets everything else.</param>
    /// <param name="time">The clock of the events' times.</param>
    /// <param name="evaluated">The step of an evaluation whose line is there already; it is not written again.</param>
    public RunEventLog(FileStream metrics, FileStream events, TimeProvider time, long? evaluated)
    {
        _metrics = new(metrics);
        _events = new(events);
        _time = time;
        _evaluated = evaluated;
        _writer = new(WriteUntilClosed) { IsBackground = true, Name = "run directory writer" };
        _writer.Start();
    }

    /// <summary>Gets a line for people when writing begins to fail and when it works again, on the log's thread.</summary>
    public Action<string>? Trouble { get; set; }

    /// <exception cref="RunDirectoryException">More lines could not be written than are kept.</exception>
    public void Append(RunEvent runEvent)
    {
        ArgumentNullException.ThrowIfNull(runEvent);
        DateTime time = _time.GetUtcNow().UtcDateTime;
        lock (_gate)
        {
            if (_overflowed)
            {
                ThrowIfFailing();
            }

            ObjectDisposedException.ThrowIf(_closed, this);
            _pending.Add((runEvent, time));
            // Steps and worker reports come thousands a second and wait for the interval; the rest is worth a wake-up.
            if (runEvent is not (StepCompleted or ParticipantProgress))
            {
                _flushAsked = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits until everything told so far is in the files.</summary>
    /// <exception cref="RunDirectoryException">It could not be written; it is kept, and tried again.</exception>
    public void Flush()
    {
        lock (_gate)
        {
            long pending = ++_flushes;
            _flushAsked = true;
            Monitor.PulseAll(_gate);
            while (_flushed < pending)
            {
                Monitor.Wait(_gate);
            }

            ThrowIfFailing();
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
                ThrowIfFailing();
            }
        }
    }

    private void ThrowIfFailing()
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
            bool more = true;
            while (more)
            {
                (more, long flush) = TakePending();
                foreach ((RunEvent runEvent, DateTime time) in _writing)
                {
                    Write(runEvent, time);
                }

                _writing.Clear();
                Store(flush);
            }
        }
        finally
        {
            _metrics.Dispose();
            _events.Dispose();
        }
    }

    /// <summary>Waits for the interval or a request and swaps the lists; whether more may come, and the flush this serves.</summary>
    private (bool More, long Flush) TakePending()
    {
        lock (_gate)
        {
            while (!_closed && !_flushAsked)
            {
                bool asked = Monitor.Wait(_gate, FlushInterval);
                if (!asked && (_pending.Count > 0 || _failure is not null))
                {
                    break;
                }
            }

            (_pending, _writing) = (_writing, _pending);
            _flushAsked = false;
            return (!_closed, _flushes);
        }
    }

    private void Store(long flush)
    {
        RunDirectoryException? metrics = _metrics.TryFlush();
        RunDirectoryException? failure = _events.TryFlush() ?? metrics;
        bool failedBefore;
        lock (_gate)
        {
            failedBefore = _failure is not null;
            _failure = failure;
            _failureThrown &= failure is not null;
            _overflowed = failure is not null && _metrics.Held + _events.Held > HeldLimit;
            _flushed = flush;
            Monitor.PulseAll(_gate);
        }

        if (failedBefore != failure is not null)
        {
            Trouble?.Invoke(failure is null
                ? "metrics and events can be written again; nothing of them is missing"
                : $"{failure.Message}; metrics and events are kept in memory and tried again");
        }
    }

    private void Write(RunEvent runEvent, DateTime time)
    {
        LineFile file = _events;
        switch (runEvent)
        {
            case StepCompleted step:
                file = _metrics;
                RunEventJson.WriteStep(file.Json, step);
                break;
            case EpochCompleted epoch when epoch.Step == _evaluated:
                return;
            case EpochCompleted epoch:
                file = _metrics;
                RunEventJson.WriteEpoch(file.Json, epoch);
                break;
            default:
                RunEventJson.WriteEvent(file.Json, runEvent, time);
                break;
        }

        file.EndLine();
        if (file.Held >= LineFile.WriteThreshold && _failure is null)
        {
            // What fails here fails again, and is reported, at the end of the batch.
            _ = file.TryFlush();
        }
    }
}
