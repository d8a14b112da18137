using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// What a node does with the frames it gets: keeps the weights, divides each range over its workers, and sends each
/// maximal subtree's sum as soon as it is complete. Belongs to <see cref="NodeActor"/> and its thread.
/// </summary>
internal sealed class NodeWork(long term, RunSettings settings, ParameterLayout layout, BufferPool gradients, DataLink link, IReadOnlyList<IActorRef> workers) : IDisposable
{
    // Each worker answers in the order it was asked.
    private readonly Dictionary<string, Queue<Piece>> _owed = [];

    // The coordinator may read them where they are, until it sends newer weights.
    private readonly List<RefCountedBuffer> _sent = [];
    private RefCountedBuffer? _weights;
    private long _step = -1;

    // When the workers began on what they work on now: with the order, or when the sum before it was complete.
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

        if (frame.Round.Step != _step)
        {
            ForgetSent();
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
            link.Send(new FailedFrame(term, frame.Round, frame.Shards, $"the weights after step {frame.Round.Step} are not here, those after step {_step} are"));
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
            if (complete.Sum.Memory.Home is not null)
            {
                _sent.Add(complete.Sum.Share());
            }

            link.Send(new SubtreeSumFrame(term, piece.Order.Round, complete.Subtree, complete.Sum)
            {
                Computing = Stopwatch.GetElapsedTime(_busySince, now),
            });
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
        ForgetSent();
        Evaluations.Dispose();
    }

    private void ForgetSent()
    {
        foreach (RefCountedBuffer sum in _sent)
        {
            sum.Release();
        }

        _sent.Clear();
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
