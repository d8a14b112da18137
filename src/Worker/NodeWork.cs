using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Telemetry;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// Carries out a node's assignments: keeps the model state, divides each range of shards among the workers, and sends the
/// sum of each maximal subtree as soon as it is complete. Used by <see cref="NodeActor"/>'s thread alone.
/// </summary>
internal sealed class NodeWork(long term, RunSettings settings, ParameterLayout layout, BufferPool gradients, DataLink link, IReadOnlyList<IActorRef> workers) : IDisposable
{
    // Pieces in flight by worker; each worker answers in the order of its assignments.
    private readonly Dictionary<string, Queue<Piece>> _owed = [];

    private RefCountedBuffer? _weights;
    private long _step = -1;

    // Time stamp at which the workers began with their present sum: the assignment, or the completion of the sum before.
    private long _busySince;

    public BufferPool Gradients { get; } = gradients;

    public BufferPool Evaluations { get; } = new(layout.EvaluationLength);

    public void Take(WeightsFrame frame)
    {
        if (frame.Term != term)
        {
            frame.Weights.Release();
            return;
        }

        _weights?.Release();
        (_weights, _step) = (frame.Weights, frame.Round.Step);
        Assign(frame.Round, frame.Shards);
    }

    public void Take(ComputeFrame frame)
    {
        if (frame.Term != term)
        {
            return;
        }

        if (frame.Round.Step != _step)
        {
            link.Send(new FailedFrame(term, frame.Round, frame.Shards, $"the model state of step {frame.Round.Step} is not here, that of step {_step} is"));
            return;
        }

        Assign(frame.Round, frame.Shards);
    }

    public void Collect(SubtreeComputed result)
    {
        Queue<Piece> owed = _owed[result.Participant.Name];
        Piece piece = owed.Peek();
        if (--piece.Missing == 0)
        {
            owed.Dequeue();
        }

        if (piece.Order.Put(result.Subtree, result.Sum) is { } complete)
        {
            long now = Stopwatch.GetTimestamp();
            TimeSpan computing = Stopwatch.GetElapsedTime(_busySince, now);
            RunMeter.NodeBusy.Add(computing.TotalSeconds);
            RunMeter.NodeSums.Add(1);
            link.Send(new SubtreeSumFrame(term, piece.Order.Round, complete.Subtree, complete.Sum) { Computing = computing });
            _busySince = now;
        }

        Finish(piece.Order);
    }

    public void Fail(ShardsFailed failed)
    {
        Piece piece = _owed[failed.Participant.Name].Dequeue();
        piece.Order.Fail(piece.Missing);
        link.Send(new FailedFrame(term, failed.Round, failed.Shards, failed.Error));
        Finish(piece.Order);
    }

    public void Dispose()
    {
        _weights?.Release();
        Evaluations.Dispose();
    }

    private static void Finish(ShardOrder order)
    {
        if (order.Missing == 0)
        {
            order.Clear();
        }
    }

    private void Assign(RoundId round, ShardRange shards)
    {
        ReductionTree tree = settings.Trees.Of(round.Kind);
        if (shards.End > tree.Shards)
        {
            link.Send(new FailedFrame(term, round, shards, string.Create(CultureInfo.InvariantCulture, $"the round has {tree.Shards} shards")));
            return;
        }

        if (_owed.Values.All(pieces => pieces.Count == 0))
        {
            _busySince = Stopwatch.GetTimestamp();
        }

        var order = new ShardOrder(round, tree, shards, workers.Count);
        foreach ((int index, ShardRange piece) in order.Pieces)
        {
            IActorRef worker = workers[index];
            if (!_owed.TryGetValue(worker.Path.Name, out Queue<Piece>? owed))
            {
                _owed.Add(worker.Path.Name, owed = new());
            }

            owed.Enqueue(new(order, tree.SubtreesOf(piece).Length));
            worker.Tell(new ComputeShards(round, piece, _weights!.Share()));
        }
    }

    private sealed class Piece(ShardOrder order, int missing)
    {
        public ShardOrder Order { get; } = order;

        public int Missing { get; set; } = missing;
    }
}
