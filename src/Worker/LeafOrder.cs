using System.Collections.Immutable;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// A range of leaves that the slots of a node compute together: cut into even pieces, and added up again inside each
/// maximal node of the range, so that only those travel.
/// </summary>
internal sealed class LeafOrder
{
    private readonly GradientTree _sums;
    private readonly ShardTree _tree;
    private readonly List<NodeId> _open;

    public LeafOrder(RoundId round, ShardTree tree, LeafRange leaves, int slots)
    {
        Round = round;
        _tree = tree;
        _sums = new(tree.Leaves);
        _open = [.. tree.NodesOf(leaves)];
        double[] speeds = new double[slots];
        Array.Fill(speeds, 1);
        Pieces = LeafDivision.Ranges([leaves], LeafDivision.Counts(leaves.Count, new int[slots], speeds));
        Missing = Pieces.Sum(piece => tree.NodesOf(piece.Leaves).Length);
    }

    public RoundId Round { get; }

    /// <summary>Which slot computes what.</summary>
    public ImmutableArray<(int Slot, LeafRange Leaves)> Pieces { get; }

    /// <summary>Nodes that slots still owe.</summary>
    public int Missing { get; private set; }

    /// <summary>Takes a slot's sum over, and hands out the maximal node that it completes, with the only reference.</summary>
    public (NodeId Node, SharedBuffer Sum)? Put(NodeId node, SharedBuffer sum)
    {
        _sums.Put(node, sum);
        Missing--;
        LeafRange leaves = _tree.LeavesOf(node);
        int at = _open.FindIndex(open => _tree.LeavesOf(open).Contains(leaves.Start));
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
