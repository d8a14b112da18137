using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.AkkaSupport;

public sealed class OwnThreadDispatcherTests : IDisposable
{
    private static readonly string Dispatchers =
        $$"""
        akka.stdout-loglevel = OFF
        own { type = "{{typeof(OwnThreadDispatcher).AssemblyQualifiedName}}", throughput = 1 }
        shared { type = Dispatcher, executor = "{{typeof(OwnThreadExecutor).AssemblyQualifiedName}}" }
        """;

    private readonly ActorSystem _system = ActorSystem.Create("threads", ConfigurationFactory.ParseString(Dispatchers));

    [Fact]
    public async Task Every_actor_keeps_a_thread_of_its_own()
    {
        int[] threads = await Task.WhenAll(Enumerable.Range(0, 5).SelectMany(i =>
        {
            IActorRef actor = Start("own");
            return Enumerable.Range(0, 3).Select(_ => actor.Ask<int>("which", TimeSpan.FromSeconds(20)));
        }));
        Assert.All(threads.Chunk(3), each => Assert.Single(each.Distinct()));
        Assert.Equal(5, threads.Distinct().Count());
    }

    [Fact]
    public async Task The_actors_of_one_executor_share_its_thread()
    {
        int[] threads = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Start("shared").Ask<int>("which", TimeSpan.FromSeconds(20))));
        Assert.Single(threads.Distinct());
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
    }

    [Fact]
    public void Nothing_is_lost_or_reordered_however_work_and_sleep_interleave()
    {
        ExecutorService thread = new OwnThreadExecutor(ConfigurationFactory.Empty, null!).Produce("one");
        const int Writers = 4, Each = 20_000;
        int[] seen = new int[Writers];
        using var done = new CountdownEvent(Writers * Each);
        Parallel.For(0, Writers, writer =>
        {
            for (int i = 0; i < Each; i++)
            {
                int mine = i;
                thread.Execute(new Work(() =>
                {
                    Assert.Equal(seen[writer]++, mine);
                    done.Signal();
                }));
                Thread.SpinWait(i % 97);
            }
        });
        Assert.True(done.Wait(TimeSpan.FromSeconds(60)), $"{done.CurrentCount} pieces of work were never done");
        thread.Shutdown();
        Assert.Throws<RejectedExecutionException>(() => thread.Execute(new Work(() => { })));
    }

    [Fact]
    public void What_was_given_before_the_end_is_still_done_and_then_the_thread_ends()
    {
        ExecutorService thread = new OwnThreadExecutor(ConfigurationFactory.Empty, null!).Produce("ending");
        using var hold = new ManualResetEventSlim();
        var done = new ConcurrentQueue<int>();
        Thread? own = null;
        thread.Execute(new Work(() =>
        {
            own = Thread.CurrentThread;
            hold.Wait();
        }));
        for (int i = 0; i < 10; i++)
        {
            int mine = i;
            thread.Execute(new Work(() => done.Enqueue(mine)));
        }

        thread.Shutdown();
        hold.Set();
        SpinWait.SpinUntil(() => own is { IsAlive: false }, TimeSpan.FromSeconds(20));
        Assert.False(own!.IsAlive);
        Assert.Equal(Enumerable.Range(0, 10), done);
    }

    public void Dispose() => _system.Dispose();

    private IActorRef Start(string dispatcher) => _system.ActorOf(Props.Create(() => new TellsItsThread()).WithDispatcher(dispatcher));

    private sealed class TellsItsThread : ReceiveActor
    {
        public TellsItsThread() => ReceiveAny(_ => Sender.Tell(Environment.CurrentManagedThreadId));
    }

    private sealed class Work(Action action) : IRunnable
    {
        public void Run() => action();

        public void Execute() => action();
    }
}
