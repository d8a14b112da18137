using System.Collections.Immutable;
using System.Numerics;

namespace NnCluster.Training;

/// <summary>
/// Reduction tree of a round: the cut of its rows into shards, and the order in which sums combine,
/// sum(k) = sum(2k) + sum(2k + 1). The tree belongs to the run, never to the cluster: any assignment of shards gives the same
/// additions.
/// </summary>
public sealed class ReductionTree
{
    /// <summary>Most shards of the default cut.</summary>
    public const int MaxDefaultShards = 16;

    /// <summary>Fewest rows a shard of the default cut.</summary>
    public const int MinDefaultRows = 64;

    /// <summary>Most shards of any tree.</summary>
    public const int MaxShards = 4096;

    private static readonly PropertyName ShardsName = new(nameof(ReductionTree), nameof(Shards));

    /// <summary>A tree over <paramref name="rows"/> rows cut into <paramref name="shards"/> shards.</summary>
    /// <exception cref="BadInputException">The number of shards is no power of two, or exceeds the rows.</exception>
    public ReductionTree(int shards, int rows)
    {
        if (shards < 1 || shards > MaxShards || !BitOperations.IsPow2(shards))
        {
            throw new BadInputException(
                ShardsName, $"{ShardsName} {shards}: the number of shards is a power of two from 1 to {MaxShards} (1, 2, 4, 8, 16 …).");
        }

        if (shards > rows)
        {
            uint most = BitOperations.RoundUpToPowerOf2((uint)rows + 1) / 2;
            throw new BadInputException(
                ShardsName, $"{ShardsName} {shards}: {rows} rows cannot be cut into {shards} shards; take at most {most}.");
        }

        Shards = shards;
        Rows = rows;
    }

    /// <summary>Number of shards, a power of two.</summary>
    public int Shards { get; }

    /// <summary>Number of rows of all shards.</summary>
    public int Rows { get; }

    /// <summary>Rows of the largest shard.</summary>
    public int MaxShardRows => (Rows + Shards - 1) / Shards;

    /// <summary>Rows of the smallest shard.</summary>
    public int MinShardRows => Rows / Shards;

    /// <summary>
    /// Shards of the default cut: the largest power of two up to <see cref="MaxDefaultShards"/> with <see cref="MinDefaultRows"/>
    /// rows each.
    /// </summary>
    public static int DefaultShards(int rows)
    {
        int shards = MaxDefaultShards;
        while (shards > 1 && rows / shards < MinDefaultRows)
        {
            shards /= 2;
        }

        return shards;
    }

    /// <summary>The subtree of one shard.</summary>
    public SubtreeId Shard(int shard) => new(Shards + shard);

    /// <summary>True if the subtree is a single shard.</summary>
    public bool IsShard(SubtreeId subtree) => subtree.Value >= Shards;

    /// <summary>True if the id names a subtree of this tree.</summary>
    public bool Holds(SubtreeId subtree) => subtree.Value >= 1 && subtree.Value < 2 * Shards;

    /// <summary>Shards of a subtree.</summary>
    public ShardRange ShardsOf(SubtreeId subtree)
    {
        int height = BitOperations.Log2((uint)Shards) - BitOperations.Log2((uint)subtree.Value);
        return new((subtree.Value << height) - Shards, 1 << height);
    }

    /// <summary>First row of a shard: shard i of S holds rows ⌊i·B/S⌋ … ⌊(i+1)·B/S⌋ − 1. Defined for i = S too.</summary>
    public int FirstRow(int shard) => (int)((long)shard * Rows / Shards);

    /// <summary>Number of rows of a shard.</summary>
    public int RowsOf(int shard) => FirstRow(shard + 1) - FirstRow(shard);

    /// <summary>Number of rows of a range of shards.</summary>
    public int RowsOf(ShardRange shards) => FirstRow(shards.End) - FirstRow(shards.Start);

    /// <summary>Maximal subtrees of a range, from left to right: one for an aligned range, O(log S) for any.</summary>
    public ImmutableArray<SubtreeId> SubtreesOf(ShardRange range)
    {
        var subtrees = ImmutableArray.CreateBuilder<SubtreeId>();
        int start = range.Start;
        while (start < range.End)
        {
            int size = start == 0 ? Shards : 1 << BitOperations.TrailingZeroCount(start);
            while (start + size > range.End)
            {
                size /= 2;
            }

            subtrees.Add(new((Shards + start) / size));
            start += size;
        }

        return subtrees.DrainToImmutable();
    }
}
