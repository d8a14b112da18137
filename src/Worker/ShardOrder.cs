using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>
/// A range of shards that the workers of a node compute together: divided evenly among them, and added up within each maximal
/// subtree of the range, so that only the sums of maximal subtrees are sent.
/// </summary>
internal sealed class ShardOrder
{
    private readonly SubtreeSums _sums;
    private readonly ReductionTree _tree;
    private readonly List<SubtreeId> _open;

    /// <summary>Divides a range among workers.</summary>
    /// <param name="round">Round that the shards belong to.</param>
    /// <param name="tree">Reduction tree of the round.</param>
    /// <param name="shards">The range.</param>
    /// <param name="workers">Number of workers.</param>
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

    /// <summary>Round that the shards belong to.</summary>
    public RoundId Round { get; }

    /// <summary>Shards of each worker, by its index.</summary>
    public ImmutableArray<(int Worker, ShardRange Shards)> Pieces { get; }

    /// <summary>Number of subtrees that workers have not answered.</summary>
    public int Missing { get; private set; }

    /// <summary>
    /// Takes over the sum of a worker. Returns the maximal subtree that it completes, with the only reference to its sum, or null.
    /// </summary>
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
        return (complete, _sums.Extract(complete));
    }

    /// <summary>Gives up subtrees that a worker could not compute. Sums that it sent before the error stay.</summary>
    public void Fail(int subtrees) => Missing -= subtrees;

    /// <summary>Releases the sums of incomplete subtrees.</summary>
    public void Clear() => _sums.Clear();
}
