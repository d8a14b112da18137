using System.Diagnostics;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Writes checkpoints on a thread of its own, off the training loop, and keeps the last two. While one is being
/// written only the newest of those that follow waits: an older one would be of no use any more.
/// </summary>
public sealed class CheckpointWriter : IDisposable
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
    private Snapshot? _waiting;
    private bool _writing;
    private bool _disposed;

    /// <summary>A writer for one run.</summary>
    /// <param name="layout">Where each tensor lies.</param>
    /// <param name="origin">What all the run's checkpoints have in common; the step is that of each.</param>
    /// <param name="pathOf">The file for a step.</param>
    /// <param name="earlier">Checkpoints already there, the oldest first; they count among those that are kept.</param>
    /// <param name="before">
    /// Runs before each is written, on the writer's thread: what must be on disk if the checkpoint is. An
    /// <see cref="IOException"/> or a <see cref="RunDirectoryException"/> from it is the checkpoint's own.
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

    /// <summary>A checkpoint is on disk, and how long that took; raised on the writer's thread.</summary>
    public event Action<long, string, TimeSpan>? Stored;

    /// <summary>A checkpoint could not be written; raised on the writer's thread. The run goes on with the previous one.</summary>
    public event Action<long, string>? Failed;

    /// <summary>Takes a copy of the state as it is now and returns; called between steps.</summary>
    public void Begin(TrainingState state)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Snapshot snapshot = _waiting ?? (_spare.TryPop(out Snapshot? spare) ? spare : new Snapshot(state));
            snapshot.Take(state);
            _waiting = snapshot;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until everything begun is on disk or has failed.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            while (_waiting is not null || _writing)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Writes what waits and ends the thread.</summary>
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

                snapshot = _waiting;
                _waiting = null;
                _writing = true;
            }

            Write(snapshot);
            lock (_gate)
            {
                snapshot.Release();
                _spare.Push(snapshot);
                _writing = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void Write(Snapshot snapshot)
    {
        string path = _pathOf(snapshot.Step);
        long began = Stopwatch.GetTimestamp();
        try
        {
            _before?.Invoke();
            Checkpoint.Write(path, _origin with { Step = snapshot.Step }, _layout, snapshot.Parameters, snapshot.OptimizerState);
            if (!_written.Contains(path))
            {
                _written.Enqueue(path);
            }

            Stored?.Invoke(snapshot.Step, path, Stopwatch.GetElapsedTime(began));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RunDirectoryException)
        {
            Failed?.Invoke(snapshot.Step, e.Message);
        }

        Prune();
    }

    // One that cannot be removed now is tried again after the next.
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

    /// <summary>The state at one step: the weights are shared, since nobody writes to them; the states are copied.</summary>
    private sealed class Snapshot(TrainingState state) : IDisposable
    {
        private RefCountedBuffer? _parameters;

        public long Step { get; private set; }

        public AlignedBuffer Parameters => _parameters!.Memory;

        public IReadOnlyList<(string Name, AlignedBuffer Values)> OptimizerState { get; } =
            [.. state.OptimizerState.Select(state => (state.Name, new AlignedBuffer(state.Values.Length)))];

        public void Take(TrainingState state)
        {
            Release();
            Step = state.Step;
            _parameters = state.Parameters.Share();
            foreach (((_, AlignedBuffer copy), (_, AlignedBuffer values)) in OptimizerState.Zip(state.OptimizerState))
            {
                values.Span.CopyTo(copy.Span);
            }
        }

        public void Release()
        {
            _parameters?.Release();
            _parameters = null;
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
