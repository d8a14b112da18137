using System.Collections.Immutable;
using System.Numerics;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// How the rows of a round are cut into leaves and how the leaves' sums combine: node(k) = node(2k) + node(2k + 1).
/// The tree belongs to the run, never to the cluster, so that the additions are the same whoever did them.
/// </summary>
public sealed class ShardTree
{
    /// <summary>The default cut goes no finer than this many leaves …</summary>
    public const int MaxDefaultLeaves = 16;

    /// <summary>… and leaves at least this many rows a leaf.</summary>
    public const int MinDefaultRows = 64;

    /// <summary>The most leaves a run may have.</summary>
    public const int MaxLeaves = 4096;

    /// <summary>A tree over <paramref name="rows"/> rows cut into <paramref name="leaves"/> leaves.</summary>
    /// <exception cref="BadInputException">The leaves are no power of two, or more than the rows.</exception>
    public ShardTree(int leaves, int rows)
    {
        if (leaves < 1 || leaves > MaxLeaves || !BitOperations.IsPow2(leaves))
        {
            throw new BadInputException($"--shards {leaves}: the number of shards is a power of two from 1 to {MaxLeaves} (1, 2, 4, 8, 16 …).");
        }

        if (leaves > rows)
        {
            throw new BadInputException($"--shards {leaves}: {rows} rows cannot be cut into {leaves} shards; take at most {BitOperations.RoundUpToPowerOf2((uint)rows + 1) / 2}.");
        }

        Leaves = leaves;
        Rows = rows;
    }

    /// <summary>Number of leaves, a power of two.</summary>
    public int Leaves { get; }

    /// <summary>Number of rows over all leaves.</summary>
    public int Rows { get; }

    /// <summary>The rows of the largest leaf.</summary>
    public int MaxLeafRows => (Rows + Leaves - 1) / Leaves;

    /// <summary>The rows of the smallest leaf.</summary>
    public int MinLeafRows => Rows / Leaves;

    /// <summary>The largest power of two up to <see cref="MaxDefaultLeaves"/> that leaves <see cref="MinDefaultRows"/> rows a leaf.</summary>
    public static int DefaultLeaves(int rows)
    {
        int leaves = MaxDefaultLeaves;
        while (leaves > 1 && rows / leaves < MinDefaultRows)
        {
            leaves /= 2;
        }

        return leaves;
    }

    /// <summary>The node of one leaf.</summary>
    public NodeId Leaf(int leaf) => new(Leaves + leaf);

    /// <summary>Whether the node is a single leaf.</summary>
    public bool IsLeaf(NodeId node) => node.Value >= Leaves;

    /// <summary>Whether the number names a node of this tree.</summary>
    public bool Holds(NodeId node) => node.Value >= 1 && node.Value < 2 * Leaves;

    /// <summary>The leaves below a node.</summary>
    public LeafRange LeavesOf(NodeId node)
    {
        int height = BitOperations.Log2((uint)Leaves) - BitOperations.Log2((uint)node.Value);
        return new((node.Value << height) - Leaves, 1 << height);
    }

    /// <summary>The first row of a leaf, and of the leaf behind the last: leaf i holds rows i·B/L up to (i+1)·B/L.</summary>
    public int FirstRow(int leaf) => (int)((long)leaf * Rows / Leaves);

    /// <summary>The number of rows of a leaf.</summary>
    public int RowsOf(int leaf) => FirstRow(leaf + 1) - FirstRow(leaf);

    /// <summary>The number of rows of a range of leaves.</summary>
    public int RowsOf(LeafRange leaves) => FirstRow(leaves.End) - FirstRow(leaves.Start);

    /// <summary>The largest nodes that lie wholly in the range, from left to right: one for an aligned range, O(log L) for any.</summary>
    public ImmutableArray<NodeId> NodesOf(LeafRange range)
    {
        var nodes = ImmutableArray.CreateBuilder<NodeId>();
        int start = range.Start;
        while (start < range.End)
        {
            int size = start == 0 ? Leaves : 1 << BitOperations.TrailingZeroCount(start);
            while (start + size > range.End)
            {
                size /= 2;
            }

            nodes.Add(new((Leaves + start) / size));
            start += size;
        }

        return nodes.DrainToImmutable();
    }
}
