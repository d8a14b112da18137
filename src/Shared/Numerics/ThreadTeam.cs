namespace NnCluster.Numerics;

/// <summary>
/// Threads that repeatedly run the parts of one short piece of work: the caller runs part 0 and returns when all parts are done.
/// For work of tens of microseconds, so threads spin briefly before they sleep.
/// </summary>
public sealed class ThreadTeam : IDisposable
{
    // About 10 µs: longer than the gap between two phases of a step.
    private const int Spins = 200;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim[] _wake;
    private readonly ManualResetEventSlim _allDone = new(false, Spins);
    private Action<int> _work = static _ => { };
    private Exception? _failure;
    private int _working;
    private volatile bool _stopping;

    /// <summary>A team of <paramref name="size"/> threads, the caller of <see cref="Run"/> included.</summary>
    public ThreadTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Size = size;
        _wake = [.. Enumerable.Range(1, size - 1).Select(_ => new SemaphoreSlim(0))];
        _threads =
        [
            .. Enumerable.Range(1, size - 1)
                .Select(part => new Thread(() => Work(part)) { IsBackground = true, Name = $"update {part}" }),
        ];
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>Number of parts.</summary>
    public int Size { get; }

    /// <summary>
    /// Runs <paramref name="work"/>(0) … <paramref name="work"/>(Size − 1), each on a thread of its own. One caller at a time.
    /// </summary>
    /// <exception cref="AggregateException">A part other than the caller's own failed.</exception>
    public void Run(Action<int> work)
    {
        if (Size > 1)
        {
            _work = work;
            _failure = null;
            _allDone.Reset();
            Volatile.Write(ref _working, Size - 1);
            foreach (SemaphoreSlim wake in _wake)
            {
                wake.Release();
            }
        }

        try
        {
            work(0);
        }
        finally
        {
            if (Size > 1)
            {
                _allDone.Wait();
            }
        }

        if (_failure is { } failure)
        {
            throw new AggregateException(failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        foreach (SemaphoreSlim wake in _wake)
        {
            wake.Release();
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        foreach (SemaphoreSlim wake in _wake)
        {
            wake.Dispose();
        }

        _allDone.Dispose();
    }

    private void Work(int part)
    {
        while (true)
        {
            _wake[part - 1].Wait();
            if (_stopping)
            {
                return;
            }

            try
            {
                _work(part);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _failure = e;
            }

            if (Interlocked.Decrement(ref _working) == 0)
            {
                _allDone.Set();
            }
        }
    }
}
