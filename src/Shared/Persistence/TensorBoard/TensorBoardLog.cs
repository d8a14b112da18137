using NnCluster.Memory;
using NnCluster.Persistence.TensorBoard;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Writes a term of a run as an event file of TensorBoard, on a thread of its own: <see cref="Observe"/> costs a lock and a
/// list append. Records reach the file every second, at each evaluation, after each checkpoint and at the end. The run does not
/// depend on the file: an error becomes one log line, and nothing more is written.
/// </summary>
internal sealed class TensorBoardLog : IRunObserver, IDisposable
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(10);

    // Events in memory while the disk is slower than the run: 20 minutes at 800 steps a second.
    private const int MostPending = 1 << 20;

    // Model states in memory, in bytes; above, evaluations leave theirs out.
    private const long MostStateBytes = 1 << 26;

    private readonly object _gate = new();
    private readonly ObservedRun _run;
    private readonly TimeSpan _writeInterval;
    private readonly RunSummaries _summaries;
    private readonly long _mostStates;
    private readonly Thread _writer;
    private List<Entry> _pending = [];
    private List<Entry> _writing = [];
    private EventFile? _file;
    private long _states;
    private bool _flushAsked;
    private bool _closed;
    private volatile bool _abandoned;

    /// <summary>Begins to observe; the file is created with the first event that is shown.</summary>
    /// <param name="run">The term of the run, which has a directory.</param>
    public TensorBoardLog(ObservedRun run)
        : this(run, TimeSpan.FromSeconds(1))
    {
    }

    /// <inheritdoc cref="TensorBoardLog(ObservedRun)"/>
    /// <param name="run">The term of the run, which has a directory.</param>
    /// <param name="writeInterval">Longest time that a step waits to be written while the run goes on.</param>
    internal TensorBoardLog(ObservedRun run, TimeSpan writeInterval)
    {
        ArgumentNullException.ThrowIfNull(run);
        _run = run;
        _writeInterval = writeInterval;
        _summaries = new(run.Layout, run.Data);
        _mostStates = Math.Max(2, MostStateBytes / ((long)run.Layout.StateLength * sizeof(float)));
        _writer = new(WriteUntilClosed) { IsBackground = true, Name = "TensorBoard writer" };
        _writer.Start();
    }

    /// <summary>Queues a step or an evaluation, the latter with the model state; other events are not shown.</summary>
    public void Observe(RunEvent runEvent)
    {
        if (_abandoned || runEvent is not (StepCompleted or EpochCompleted or CheckpointWritten))
        {
            return;
        }

        double wallTime = (_run.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        bool isTooMuch;
        lock (_gate)
        {
            isTooMuch = _pending.Count >= MostPending;
            if (!_closed && !isTooMuch && runEvent is not CheckpointWritten)
            {
                bool isState = runEvent is EpochCompleted && _states < _mostStates;
                _states += isState ? 1 : 0;
                _pending.Add(new(runEvent, wallTime, isState ? _run.ShareModelState() : null));
            }

            // After a kill the run resumes from the checkpoint: the steps before it come only once.
            if (runEvent is EpochCompleted or CheckpointWritten)
            {
                _flushAsked = true;
                Monitor.PulseAll(_gate);
            }
        }

        if (isTooMuch)
        {
            Abandon("the disk is too slow for the events of TensorBoard");
        }
    }

    /// <summary>Writes the rest and closes the file; a file system that does not answer is left behind.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }

        _writer.Join(EndTimeout);
    }

    private void WriteUntilClosed()
    {
        bool more = true;
        while (more)
        {
            more = TakePending();
            try
            {
                if (!_abandoned)
                {
                    _writing.ForEach(Write);
                    _file?.Flush();
                }
            }
            catch (Exception error)
            {
                // Any exception: one that leaves the thread ends the process.
                Abandon(error is RunDirectoryException ? error.Message : $"the events of TensorBoard: {error.Message.ReplaceLineEndings(" ")}");
            }
            finally
            {
                ReleaseStates();
            }
        }

        _file?.Dispose();
    }

    /// <summary>Waits for the interval, an evaluation or the end, then swaps the lists.</summary>
    /// <returns>Whether more events may come.</returns>
    private bool TakePending()
    {
        lock (_gate)
        {
            while (!_closed && !_flushAsked)
            {
                bool asked = Monitor.Wait(_gate, _writeInterval);
                if (!asked && _pending.Count > 0)
                {
                    break;
                }
            }

            (_pending, _writing) = (_writing, _pending);
            _flushAsked = false;
            return !_closed;
        }
    }

    private void Write(Entry entry)
    {
        (long step, SummaryProto summary) = entry.Event switch
        {
            StepCompleted taken => (taken.Step, _summaries.Of(taken)),
            EpochCompleted epoch => (epoch.Step, _summaries.Of(epoch, entry.State is { } state ? state.Span : [])),
            var other => throw new ArgumentOutOfRangeException(nameof(entry), other, null),
        };
        _file ??= EventFile.Create(
            new RunPaths(_run.Directory).TensorBoardEvents((long)entry.WallTime, _run.Term), entry.WallTime, _run.StepsBefore + 1);
        _file.Append(new() { WallTime = entry.WallTime, Step = step, Summary = summary });
    }

    private void ReleaseStates()
    {
        long released = 0;
        foreach (RefCountedBuffer state in _writing.Select(entry => entry.State).OfType<RefCountedBuffer>())
        {
            state.Release();
            released++;
        }

        _writing.Clear();
        lock (_gate)
        {
            _states -= released;
        }
    }

    private void Abandon(string reason)
    {
        lock (_gate)
        {
            if (_abandoned)
            {
                return;
            }

            _abandoned = true;
        }

        _run.Log($"{reason}; nothing more is written for TensorBoard");
    }

    /// <summary>An event that waits to be written.</summary>
    /// <param name="Event">A step or an evaluation.</param>
    /// <param name="WallTime">Time of the event, in seconds since 1970, UTC.</param>
    /// <param name="State">Model state of an evaluation, to be released; null: its values are left out.</param>
    private readonly record struct Entry(RunEvent Event, double WallTime, RefCountedBuffer? State);
}
