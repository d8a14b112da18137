using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// A node of the shard tree in heap order: the root is 1, the children of k are 2k and 2k + 1, and leaf i of L leaves
/// is L + i.
/// </summary>
public readonly record struct NodeId(int Value)
{
    /// <summary>The sum over all leaves.</summary>
    public static readonly NodeId Root = new(1);

    /// <summary>The lower half of this node's leaves.</summary>
    public NodeId Left => new(Value * 2);

    /// <summary>The upper half of this node's leaves.</summary>
    public NodeId Right => new((Value * 2) + 1);

    /// <inheritdoc/>
    public override string ToString() => $"node {Value}";
}

/// <summary>The leaves from <paramref name="Start"/> up to, not including, <see cref="End"/>.</summary>
public readonly record struct LeafRange(int Start, int Count)
{
    /// <summary>The leaf behind the last.</summary>
    public int End => Start + Count;

    /// <summary>Whether the leaf lies in the range.</summary>
    public bool Contains(int leaf) => leaf >= Start && leaf < End;

    /// <summary>Whether the ranges have a leaf in common.</summary>
    public bool Overlaps(LeafRange other) => Start < other.End && other.Start < End;

    /// <inheritdoc/>
    public override string ToString() => Count == 1 ? $"leaf {Start}" : $"leaves {Start}..{End - 1}";
}
