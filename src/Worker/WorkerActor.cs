using System.Diagnostics;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>Resources of a worker. They belong to the process and outlive the actor.</summary>
/// <param name="Spec">The run.</param>
/// <param name="Data">The data set.</param>
/// <param name="Blas">Backend with the arithmetic of the run.</param>
/// <param name="Gradients">Buffers of the layout's gradient length, for partial sums of gradients.</param>
/// <param name="Evaluations">Buffers of the layout's evaluation length, for partial sums of metrics.</param>
internal sealed record WorkerSetup(RunSpec Spec, Dataset Data, IBlas Blas, BufferPool Gradients, BufferPool Evaluations);

/// <summary>
/// One worker: computes the shards it is asked for on a thread of its own and answers its parent. An exception in a shard
/// is reported to the parent as <see cref="ShardsFailed"/> and restarts the actor.
/// </summary>
internal sealed class WorkerActor : ReceiveActor
{
    private readonly ParticipantId _id;
    private readonly ShardComputer _computer;

    /// <summary>Creates the worker named <paramref name="id"/>.</summary>
    public WorkerActor(ParticipantId id, WorkerSetup setup)
    {
        _id = id;
        _computer = new ShardComputer(setup.Spec, setup.Data, setup.Blas, setup.Gradients, setup.Evaluations);
        Receive<ComputeShards>(Compute);
    }


    /// <summary>Props for a worker on its own thread.</summary>
    public static Props Props(ParticipantId id, WorkerSetup setup) =>
        Akka.Actor.Props.Create(() => new WorkerActor(id, setup)).WithDispatcher(AkkaConfig.WorkerDispatcher);

    /// <inheritdoc/>
    protected override void PreStart() => Context.Parent.Tell(new ParticipantStarted(_id));

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        if (message is ComputeShards work)
        {
            Context.Parent.Tell(new ShardsFailed(_id, work.Round, work.Shards, reason.Message));
        }

        base.PreRestart(reason, message);
    }

    // Actor restarts are invisible to the run: WorkerStarted must not be sent twice.
    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
    }

    /// <inheritdoc/>
    protected override void PostStop() => _computer.Dispose();

    private void Compute(ComputeShards work)
    {
        IActorRef parent = Context.Parent;
        long started = Stopwatch.GetTimestamp();
        try
        {
            _computer.Compute(work, (subtree, sum) =>
            {
                long finished = Stopwatch.GetTimestamp();
                TimeSpan computeTime = Stopwatch.GetElapsedTime(started, finished);
                parent.Tell(new SubtreeComputed(_id, work.Round, subtree, sum) { ComputeTime = computeTime });
                started = finished;
            });
        }
        finally
        {
            work.ModelState.Release();
        }
    }
}
