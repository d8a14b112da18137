using System.Diagnostics;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Writes checkpoints on a thread of its own, off the training loop, and keeps the last two. While one is being written,
/// only the newest of those that follow waits: it supersedes the others.
/// </summary>
internal sealed class CheckpointWriter : IDisposable
{
    private const int Kept = 2;

    private readonly ParameterLayout _layout;
    private readonly CheckpointPosition _origin;
    private readonly Func<long, string> _pathOf;
    private readonly Action? _before;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private readonly Stack<Snapshot> _spare = new();
    private readonly Queue<string> _written = new();
    private TaskCompletionSource<CheckpointResult> _waitingResult = NewResult();
    private Snapshot? _waiting;
    private bool _disposed;

    /// <summary>Creates the writer of a run.</summary>
    /// <param name="layout">Layout of the model state.</param>
    /// <param name="origin">Position of all checkpoints of the run, but for the step.</param>
    /// <param name="pathOf">Path of the checkpoint of a step.</param>
    /// <param name="earlier">Checkpoints of earlier terms, the oldest first; they count among the two that are kept.</param>
    /// <param name="before">
    /// Runs before each write, on the thread of the writer: flushes all that must be on disk before the checkpoint. An
    /// <see cref="IOException"/> or a <see cref="RunDirectoryException"/> from it fails the checkpoint.
    /// </param>
    public CheckpointWriter(
        ParameterLayout layout, CheckpointPosition origin, Func<long, string> pathOf, IEnumerable<string> earlier, Action? before = null)
    {
        _before = before;
        _layout = layout;
        _origin = origin;
        _pathOf = pathOf;
        _written = new(earlier);
        _thread = new Thread(WriteAll) { IsBackground = true, Name = "checkpoints" };
        _thread.Start();
    }

    /// <summary>Copies the state and returns; called between steps. The write itself happens on the thread of the writer.</summary>
    /// <param name="state">The state, read before this returns.</param>
    /// <param name="selection">Best evaluation so far.</param>
    /// <returns>The result of the write; completes when the checkpoint is on disk, has failed or is superseded. Never faults.</returns>
    public Task<CheckpointResult> WriteAsync(TrainingState state, SelectionState? selection = null)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_waiting is { } superseded)
            {
                _waitingResult.SetResult(new CheckpointSuperseded(superseded.Step));
                _waitingResult = NewResult();
            }

            Snapshot snapshot = _waiting ?? (_spare.TryPop(out Snapshot? spare) ? spare : new Snapshot(state));
            snapshot.Take(state, selection);
            _waiting = snapshot;
            Monitor.PulseAll(_gate);
            return _waitingResult.Task;
        }
    }

    /// <summary>Writes the checkpoint that waits, if any, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
        foreach (Snapshot snapshot in _spare)
        {
            snapshot.Dispose();
        }
    }

    private void WriteAll()
    {
        while (true)
        {
            Snapshot snapshot;
            TaskCompletionSource<CheckpointResult> result;
            lock (_gate)
            {
                while (_waiting is null && !_disposed)
                {
                    Monitor.Wait(_gate);
                }

                if (_waiting is null)
                {
                    return;
                }

                (snapshot, result) = (_waiting, _waitingResult);
                _waiting = null;
                _waitingResult = NewResult();
            }

            CheckpointResult written = Write(snapshot);
            lock (_gate)
            {
                snapshot.Release();
                _spare.Push(snapshot);
            }

            result.SetResult(written);
        }
    }

    private CheckpointResult Write(Snapshot snapshot)
    {
        CheckpointResult result;
        string path = _pathOf(snapshot.Step);
        long began = Stopwatch.GetTimestamp();
        try
        {
            _before?.Invoke();
            CheckpointPosition position = _origin with { Step = snapshot.Step, Selection = snapshot.Selection };
            Checkpoint.Write(path, position, _layout, snapshot.ModelState, snapshot.OptimizerState, snapshot.KeptState);
            if (!_written.Contains(path))
            {
                _written.Enqueue(path);
            }

            result = new CheckpointStored(snapshot.Step, path, Stopwatch.GetElapsedTime(began));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RunDirectoryException)
        {
            result = new CheckpointNotStored(snapshot.Step, e.Message);
        }

        Prune();
        return result;
    }

    // Continuations run elsewhere, so that none of them holds up the writer.
    private static TaskCompletionSource<CheckpointResult> NewResult() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A file that cannot be removed now is tried again after the next write.
    private void Prune()
    {
        try
        {
            while (_written.Count > Kept)
            {
                File.Delete(_written.Peek());
                _written.Dequeue();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>State of one step: the model states are shared, since they never change again; the optimizer state is copied.</summary>
    private sealed class Snapshot(TrainingState state) : IDisposable
    {
        private RefCountedBuffer? _modelState;
        private RefCountedBuffer? _keptState;

        public long Step { get; private set; }

        public SelectionState? Selection { get; private set; }

        public AlignedBuffer ModelState => _modelState!.Memory;

        public AlignedBuffer? KeptState => _keptState?.Memory;

        public IReadOnlyList<(string Name, AlignedBuffer Values)> OptimizerState { get; } =
            [.. state.OptimizerState.Select(state => (state.Name, new AlignedBuffer(state.Values.Length)))];

        public void Take(TrainingState state, SelectionState? selection)
        {
            Release();
            Step = state.Step;
            Selection = selection == SelectionState.None ? null : selection;
            _modelState = state.ModelState.Share();
            _keptState = state.KeptState?.Share();
            foreach (((_, AlignedBuffer copy), (_, AlignedBuffer values)) in OptimizerState.Zip(state.OptimizerState))
            {
                values.Span.CopyTo(copy.Span);
            }
        }

        public void Release()
        {
            _modelState?.Release();
            _keptState?.Release();
            (_modelState, _keptState) = (null, null);
        }

        public void Dispose()
        {
            Release();
            foreach ((_, AlignedBuffer copy) in OptimizerState)
            {
                copy.Dispose();
            }
        }
    }
}
