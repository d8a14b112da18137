using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Dispatch;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Dispatcher that gives every actor a thread of its own, as Akka's pinned dispatcher does, on an
/// <see cref="OwnThreadExecutor"/>.
/// </summary>
internal sealed class OwnThreadDispatcher(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => new Dispatcher(
        this,
        Config.GetString("id"),
        Config.GetInt("throughput"),
        null,
        new OwnThreadExecutor(Config, Prerequisites),
        Config.GetTimeSpan("shutdown-timeout"));
}

/// <summary>Executor with one thread for all actors of a dispatcher; the thread sleeps while its queue is empty.</summary>
/// <remarks>
/// The threads of Akka's own pinned and fork-join executors yield their core some hundred times before they sleep. On a
/// machine whose cores all compute, those yields cost more than a wake-up.
/// </remarks>
[AkkaWorkaround(
    AkkaWorkaroundAttribute.CurrentVersion, "a dedicated-thread executor of Akka.NET blocks without spinning or yielding first")]
internal sealed class OwnThreadExecutor(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new OwnThread(id);

    private sealed class OwnThread : ExecutorService
    {
        private readonly ConcurrentQueue<IRunnable> _queue = new();
        private readonly AutoResetEvent _wake = new(false);
        private int _asleep;
        private volatile bool _ended;

        public OwnThread(string id)
            : base(id) =>
            new Thread(Work) { IsBackground = true, Name = id }.Start();

        public override void Execute(IRunnable run)
        {
            if (_ended)
            {
                throw new RejectedExecutionException($"The thread of {Id} has ended.");
            }

            _queue.Enqueue(run);
            Wake();
        }

        public override void Shutdown()
        {
            _ended = true;
            Wake();
        }

        private void Wake()
        {
            if (Interlocked.Exchange(ref _asleep, 0) == 1)
            {
                _wake.Set();
            }
        }

        private void Work()
        {
            while (Next() is { } run)
            {
                run.Run();
            }
        }

        private IRunnable? Next()
        {
            while (true)
            {
                if (_queue.TryDequeue(out IRunnable? run))
                {
                    return run;
                }

                // Lost wake-up guard: publish `asleep`, then check the queue again.
                Interlocked.Exchange(ref _asleep, 1);
                if (_queue.IsEmpty && !_ended)
                {
                    _wake.WaitOne();
                }
                else if (_queue.IsEmpty)
                {
                    return null;
                }
            }
        }
    }
}
