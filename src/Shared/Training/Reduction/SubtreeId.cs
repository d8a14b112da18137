namespace NnCluster.Training;

/// <summary>
/// Position of a subtree in the reduction tree, in heap order: the root is 1, the children of k are 2k and 2k + 1, and shard i of
/// S shards is S + i.
/// </summary>
public readonly record struct SubtreeId(int Value)
{
    /// <summary>The whole tree.</summary>
    public static readonly SubtreeId Root = new(1);

    /// <summary>The lower half of the shards.</summary>
    public SubtreeId Left => new(Value * 2);

    /// <summary>The upper half of the shards.</summary>
    public SubtreeId Right => new((Value * 2) + 1);

    /// <inheritdoc/>
    public override string ToString() => $"subtree {Value}";
}

/// <summary>Shards <paramref name="Start"/> … <see cref="End"/> − 1.</summary>
public readonly record struct ShardRange(int Start, int Count)
{
    /// <summary>The shard after the last.</summary>
    public int End => Start + Count;

    /// <summary>True if the shard lies in the range.</summary>
    public bool Contains(int shard) => shard >= Start && shard < End;

    /// <summary>True if the ranges have a shard in common.</summary>
    public bool Overlaps(ShardRange other) => Start < other.End && other.Start < End;

    /// <inheritdoc/>
    public override string ToString() => Count == 1 ? $"shard {Start}" : $"shards {Start}..{End - 1}";
}
