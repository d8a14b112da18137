using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Appends run events to <c>metrics.jsonl</c> and <c>events.jsonl</c> on a thread of its own. <see cref="Append"/> costs a
/// lock and a list append, and never waits for the disk. Lines reach the files every second, at each evaluation and other
/// rare event, and at the end. Lines that cannot be written, for instance to a full disk, stay in memory and are tried
/// again every second. Above <see cref="HeldLimit"/> bytes of them <see cref="Append"/> fails.
/// </summary>
internal sealed class RunEventLog : IDisposable
{
    /// <summary>Limit of the lines in memory while they cannot be written, in bytes: about 300,000 steps.</summary>
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

    /// <summary>Appends at the position of each file and disposes of both at the end.</summary>
    /// <param name="metrics">Receives steps and evaluations.</param>
    /// <param name="events">Receives all other events.</param>
    /// <param name="time">Clock of the time stamps.</param>
    /// <param name="evaluated">Step of an evaluation that has a line already and gets no second one; null if there is none.</param>
    public RunEventLog(FileStream metrics, FileStream events, TimeProvider time, long? evaluated)
    {
        _metrics = new(metrics);
        _events = new(events);
        _time = time;
        _evaluated = evaluated;
        _writer = new(WriteUntilClosed) { IsBackground = true, Name = "run directory writer" };
        _writer.Start();
    }

    /// <summary>Receives a log line when writing begins to fail and when it works again, on the thread of this log.</summary>
    public Action<string>? Trouble { get; set; }

    /// <summary>Queues an event.</summary>
    /// <exception cref="RunDirectoryException">The lines that cannot be written exceed <see cref="HeldLimit"/>.</exception>
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
            // Steps and progress reports come thousands a second and wait for the interval; other events wake the writer.
            if (runEvent is not (StepCompleted or ParticipantProgress))
            {
                _flushAsked = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits until all events appended so far are in the files.</summary>
    /// <exception cref="RunDirectoryException">Some could not be written; they stay in memory and are tried again.</exception>
    public void Flush()
    {
        lock (_gate)
        {
            long flush = ++_flushes;
            _flushAsked = true;
            Monitor.PulseAll(_gate);
            while (_flushed < flush)
            {
                Monitor.Wait(_gate);
            }

            ThrowIfFailing();
        }
    }

    /// <summary>Writes the rest and closes the files.</summary>
    /// <exception cref="RunDirectoryException">Some lines could not be written, and no call threw this before.</exception>
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

    /// <summary>Waits for the interval or a request, then swaps the lists.</summary>
    /// <returns>Whether more events may come, and the number of the last <see cref="Flush"/> that this batch serves.</returns>
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
                ? "metrics and events can be written again; none are missing"
                : $"{failure.Message}; metrics and events are kept in memory and tried again");
        }
    }

    private void Write(RunEvent runEvent, DateTime time)
    {
        LineFile file = _events;
        switch (runEvent)
        {
            case StepCompleted step:
                file = Metrics();
                RunEventJson.WriteStep(file.Json, step);
                break;
            case EpochCompleted epoch when epoch.Step == _evaluated:
                return;
            case EpochCompleted epoch:
                file = Metrics();
                RunEventJson.WriteEpoch(file.Json, epoch);
                break;
            default:
                RunEventJson.WriteEvent(file.Json, runEvent, time);
                break;
        }

        file.EndLine();
        if (file.Held >= LineFile.WriteThreshold && _failure is null)
        {
            // A failure here occurs again at the end of the batch, which reports it.
            _ = file.TryFlush();
        }
    }

    /// <summary>The metrics file, with its header.</summary>
    private LineFile Metrics()
    {
        if (_metrics.IsEmpty)
        {
            RunEventJson.WriteHeader(_metrics.Json);
            _metrics.EndLine();
        }

        return _metrics;
    }
}
