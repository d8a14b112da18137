using System.Collections.Immutable;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// A range of shards that the workers of a node compute together: cut into even pieces, and added up again inside each
/// maximal subtree of the range, so that only those travel.
/// </summary>
internal sealed class ShardOrder
{
    private readonly SubtreeSums _sums;
    private readonly ReductionTree _tree;
    private readonly List<SubtreeId> _open;

    public ShardOrder(RoundId round, ReductionTree tree, ShardRange shards, int workers)
    {
        Round = round;
        _tree = tree;
        _sums = new(tree.Shards);
        _open = [.. tree.SubtreesOf(shards)];
        double[] speeds = new double[workers];
        Array.Fill(speeds, 1);
        Pieces = ShardPartitioner.Ranges([shards], ShardPartitioner.Counts(shards.Count, new int[workers], speeds));
        Missing = Pieces.Sum(piece => tree.SubtreesOf(piece.Shards).Length);
    }

    public RoundId Round { get; }

    /// <summary>Which worker computes what.</summary>
    public ImmutableArray<(int Worker, ShardRange Shards)> Pieces { get; }

    /// <summary>Subtrees that workers still owe.</summary>
    public int Missing { get; private set; }

    /// <summary>Takes a worker's sum over, and hands out the maximal subtree that it completes, with the only reference.</summary>
    public (SubtreeId Subtree, RefCountedBuffer Sum)? Put(SubtreeId subtree, RefCountedBuffer sum)
    {
        _sums.Put(subtree, sum);
        Missing--;
        ShardRange shards = _tree.ShardsOf(subtree);
        int at = _open.FindIndex(open => _tree.ShardsOf(open).Contains(shards.Start));
        if (!_sums.Covers(_open[at]))
        {
            return null;
        }

        SubtreeId complete = _open[at];
        _open.RemoveAt(at);
        return (complete, _sums.Take(complete));
    }

    /// <summary>A worker could not compute a piece: its subtrees will not come. Those it sent before the error came stay.</summary>
    public void Fail(int subtrees) => Missing -= subtrees;

    /// <summary>Lets go of sums whose other half will never come.</summary>
    public void Clear() => _sums.Clear();
}
