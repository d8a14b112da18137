using System.Diagnostics;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>What a worker needs to compute: the run, its data, its arithmetic, and the buffers it answers in.</summary>
public sealed record WorkerSetup(RunSpec Spec, Dataset Data, IBlas Blas, BufferPool Gradients, BufferPool Evaluations);

/// <summary>
/// One worker: computes the leaves it is given, on a thread of its own, and answers its parent. An
/// error in a shard is reported to the parent and costs the worker a restart, nothing else.
/// </summary>
public sealed class WorkerActor : ReceiveActor
{
    private readonly ParticipantId _id;
    private readonly ShardComputer _computer;

    /// <summary>Creates the worker named <paramref name="id"/>.</summary>
    public WorkerActor(ParticipantId id, WorkerSetup setup)
    {
        _id = id;
        _computer = new ShardComputer(setup.Spec, setup.Data, setup.Blas, setup.Gradients, setup.Evaluations);
        Receive<ComputeGradient>(work => Compute(work, (node, sum) => new GradientComputed(_id, work.Round, node, sum)));
        Receive<ComputeEvaluation>(work => Compute(work, (node, sum) => new EvaluationComputed(_id, work.Round, node, sum)));
    }

    /// <summary>The configuration that gives every worker a thread of its own.</summary>
    public const string DispatcherConfig =
        """
        nncluster.worker-dispatcher {
          type = "NnCluster.AkkaSupport.OwnThreadDispatcher, NnCluster.Cluster"
          throughput = 1
        }
        """;

    /// <summary>Props for a worker on its own thread.</summary>
    public static Props Props(ParticipantId id, WorkerSetup setup) =>
        Akka.Actor.Props.Create(() => new WorkerActor(id, setup)).WithDispatcher("nncluster.worker-dispatcher");

    /// <inheritdoc/>
    protected override void PreStart() => Context.Parent.Tell(new ParticipantStarted(_id));

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        if (message is ShardWork work)
        {
            Context.Parent.Tell(new ShardWorkFailed(_id, work.Round, work.Shards, reason.Message));
        }

        base.PreRestart(reason, message);
    }

    // The life of the worker, as the run sees it, goes on through a restart: it does not start again.
    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
    }

    /// <inheritdoc/>
    protected override void PostStop() => _computer.Dispose();

    private void Compute(ShardWork work, Func<SubtreeId, RefCountedBuffer, SubtreeResult> answer)
    {
        IActorRef parent = Context.Parent;
        long started = Stopwatch.GetTimestamp();
        try
        {
            _computer.Compute(work, (node, sum) =>
            {
                long finished = Stopwatch.GetTimestamp();
                parent.Tell(answer(node, sum) with { Computing = Stopwatch.GetElapsedTime(started, finished) });
                started = finished;
            });
        }
        finally
        {
            work.Parameters.Release();
        }
    }
}
