using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Shards to compute, with the weights of their round.</summary>
internal sealed record SimulatedAssignment(RoundId Round, ShardRange Shards, Vector128<float> Weights);

/// <summary>
/// One incarnation of a worker: computes its assignments one after the other and sends each partial sum once it is computed.
/// </summary>
internal sealed class SimulatedNode(EventQueue events, ClusterModel model, RunSettings settings, Connection connection, ulong seed)
{
    private readonly Queue<SimulatedAssignment> _orders = new();
    private bool _computing;

    public Connection Connection => connection;

    /// <summary>Sends a partial sum.</summary>
    public required Action<Connection, ResultArrived, Vector128<float>> Answer { get; init; }

    /// <summary>Sends an error.</summary>
    public required Action<Connection, AssignmentFailed> Report { get; init; }

    public void Take(SimulatedAssignment order)
    {
        _orders.Enqueue(order);
        if (!_computing)
        {
            Next();
        }
    }

    private void Next()
    {
        _computing = connection.Open && _orders.Count > 0;
        if (!_computing)
        {
            return;
        }

        SimulatedAssignment order = _orders.Dequeue();
        if (connection.Machine.ErrorsLeft > 0)
        {
            connection.Machine.ErrorsLeft--;
            Report(connection, new(connection.Participant, order.Round, order.Shards, "out of memory"));
            Next();
            return;
        }

        Compute(order, settings.Trees.Of(order.Round.Kind).SubtreesOf(order.Shards), 0);
    }

    private void Compute(SimulatedAssignment order, ImmutableArray<SubtreeId> subtrees, int index)
    {
        if (index == subtrees.Length)
        {
            Next();
            return;
        }

        TimeSpan begun = events.Now;
        events.After(TimeOf(order.Round, subtrees[index]), () => WhenRunning(() =>
        {
            SubtreeId subtree = subtrees[index];
            Vector128<float> sum = ShardValues.Sum(settings.Trees.Of(order.Round.Kind), subtree, order.Round, order.Weights);
            Answer(connection, new(connection.Participant, order.Round, subtree, events.Now - begun), sum);
            Compute(order, subtrees, index + 1);
        }));
    }

    // A paused process finishes its computation when it resumes; a dead one never does.
    private void WhenRunning(Action action)
    {
        if (connection.Machine.HungUntil > events.Now)
        {
            events.At(connection.Machine.HungUntil, () => WhenRunning(action));
        }
        else if (connection.Open)
        {
            action();
        }
    }

    private TimeSpan TimeOf(RoundId round, SubtreeId subtree)
    {
        ReductionTree tree = settings.Trees.Of(round.Kind);
        ShardRange shards = tree.ShardsOf(subtree);
        double seconds = (tree.RowsOf(shards) / model.SpeedOf(connection.Machine.Index)) + (shards.Count * model.ShardOverhead.TotalSeconds);
        ulong bits = SplitMix.Mix(seed ^ ((ulong)round.Step << 24) ^ ((ulong)connection.Machine.Index << 13) ^ (uint)subtree.Value);
        double noise = 1 + (model.Noise * (((bits >> 11) * (2.0 / (1UL << 53))) - 1));
        return TimeSpan.FromSeconds(seconds * noise * connection.Machine.Slowdown);
    }
}
