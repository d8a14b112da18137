using System.Collections.Immutable;
using System.Numerics;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// How the rows of a round are cut into shards and how the shards' sums combine: sum(k) = sum(2k) + sum(2k + 1).
/// The tree belongs to the run, never to the cluster, so that the additions are the same whoever did them.
/// </summary>
public sealed class ReductionTree
{
    /// <summary>The default cut goes no finer than this many shards …</summary>
    public const int MaxDefaultShards = 16;

    /// <summary>… and leaves at least this many rows a shard.</summary>
    public const int MinDefaultRows = 64;

    /// <summary>The most leaves a run may have.</summary>
    public const int MaxShards = 4096;

    /// <summary>A tree over <paramref name="rows"/> rows cut into <paramref name="shards"/> shards.</summary>
    /// <exception cref="BadInputException">The shards are no power of two, or more than the rows.</exception>
    public ReductionTree(int shards, int rows)
    {
        if (shards < 1 || shards > MaxShards || !BitOperations.IsPow2(shards))
        {
            throw new BadInputException($"--shards {shards}: the number of shards is a power of two from 1 to {MaxShards} (1, 2, 4, 8, 16 …).");
        }

        if (shards > rows)
        {
            throw new BadInputException($"--shards {shards}: {rows} rows cannot be cut into {shards} shards; take at most {BitOperations.RoundUpToPowerOf2((uint)rows + 1) / 2}.");
        }

        Shards = shards;
        Rows = rows;
    }

    /// <summary>Number of shards, a power of two.</summary>
    public int Shards { get; }

    /// <summary>Number of rows over all shards.</summary>
    public int Rows { get; }

    /// <summary>The rows of the largest shard.</summary>
    public int MaxShardRows => (Rows + Shards - 1) / Shards;

    /// <summary>The rows of the smallest shard.</summary>
    public int MinShardRows => Rows / Shards;

    /// <summary>The largest power of two up to <see cref="MaxDefaultShards"/> that leaves <see cref="MinDefaultRows"/> rows a shard.</summary>
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

    /// <summary>Whether the subtree is a single shard.</summary>
    public bool IsShard(SubtreeId subtree) => subtree.Value >= Shards;

    /// <summary>Whether the number names a subtree of this tree.</summary>
    public bool Holds(SubtreeId subtree) => subtree.Value >= 1 && subtree.Value < 2 * Shards;

    /// <summary>The shards below a subtree.</summary>
    public ShardRange ShardsOf(SubtreeId subtree)
    {
        int height = BitOperations.Log2((uint)Shards) - BitOperations.Log2((uint)subtree.Value);
        return new((subtree.Value << height) - Shards, 1 << height);
    }

    /// <summary>The first row of a shard, and of the shard behind the last: shard i holds rows i·B/L up to (i+1)·B/L.</summary>
    public int FirstRow(int shard) => (int)((long)shard * Rows / Shards);

    /// <summary>The number of rows of a shard.</summary>
    public int RowsOf(int shard) => FirstRow(shard + 1) - FirstRow(shard);

    /// <summary>The number of rows of a range of shards.</summary>
    public int RowsOf(ShardRange shards) => FirstRow(shards.End) - FirstRow(shards.Start);

    /// <summary>The largest subtrees that lie wholly in the range, from left to right: one for an aligned range, O(log L) for any.</summary>
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
