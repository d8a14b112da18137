using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Gives every actor a thread of its own, as Akka's pinned dispatcher does, on an <see cref="OwnThreadExecutor"/>:
/// <c>type = "NnCluster.AkkaSupport.OwnThreadDispatcher, NnCluster.Cluster"</c>.
/// </summary>
public sealed class OwnThreadDispatcher(Config config, IDispatcherPrerequisites prerequisites) : MessageDispatcherConfigurator(config, prerequisites)
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

/// <summary>
/// One thread for all actors of a dispatcher, which sleeps while there is nothing to do:
/// <c>executor = "NnCluster.AkkaSupport.OwnThreadExecutor, NnCluster.Cluster"</c>. The threads of Akka's own executor yield
/// their core some hundred times before they sleep, which on a machine whose cores all compute costs more than waking.
/// </summary>
public sealed class OwnThreadExecutor(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
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

                // Who adds after this line sees a sleeper; what was added before it is found by looking once more.
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
