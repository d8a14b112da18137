using System.Collections.Immutable;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// A range of shards that the slots of a node compute together: cut into even pieces, and added up again inside each
/// maximal node of the range, so that only those travel.
/// </summary>
internal sealed class ShardOrder
{
    private readonly GradientTree _sums;
    private readonly ShardTree _tree;
    private readonly List<NodeId> _open;

    public ShardOrder(RoundId round, ShardTree tree, ShardRange shards, int slots)
    {
        Round = round;
        _tree = tree;
        _sums = new(tree.Shards);
        _open = [.. tree.NodesOf(shards)];
        double[] speeds = new double[slots];
        Array.Fill(speeds, 1);
        Pieces = ShardPartitioner.Ranges([shards], ShardPartitioner.Counts(shards.Count, new int[slots], speeds));
        Missing = Pieces.Sum(piece => tree.NodesOf(piece.Shards).Length);
    }

    public RoundId Round { get; }

    /// <summary>Which slot computes what.</summary>
    public ImmutableArray<(int Slot, ShardRange Shards)> Pieces { get; }

    /// <summary>Nodes that slots still owe.</summary>
    public int Missing { get; private set; }

    /// <summary>Takes a slot's sum over, and hands out the maximal node that it completes, with the only reference.</summary>
    public (NodeId Node, SharedBuffer Sum)? Put(NodeId node, SharedBuffer sum)
    {
        _sums.Put(node, sum);
        Missing--;
        ShardRange shards = _tree.ShardsOf(node);
        int at = _open.FindIndex(open => _tree.ShardsOf(open).Contains(shards.Start));
        if (!_sums.Covers(_open[at]))
        {
            return null;
        }

        NodeId complete = _open[at];
        _open.RemoveAt(at);
        return (complete, _sums.Take(complete));
    }

    /// <summary>A slot could not compute a piece: its nodes will not come. Those it sent before the error came stay.</summary>
    public void Fail(int nodes) => Missing -= nodes;

    /// <summary>Lets go of sums whose other half will never come.</summary>
    public void Clear() => _sums.Clear();
}
