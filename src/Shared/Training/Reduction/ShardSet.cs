using System.Collections.Immutable;
using System.Numerics;

namespace NnCluster.Training;

/// <summary>Immutable set of shards 0 … <see cref="Shards"/> − 1.</summary>
public sealed class ShardSet
{
    private readonly ulong[] _words;

    private ShardSet(int shards, ulong[] words)
    {
        Shards = shards;
        _words = words;
    }

    /// <summary>Number of shards that the set can hold.</summary>
    public int Shards { get; }

    /// <summary>Number of shards in the set.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in _words)
            {
                count += BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>True if every shard is in the set.</summary>
    public bool IsFull => Count == Shards;

    /// <summary>The empty set.</summary>
    public static ShardSet Empty(int shards) => new(shards, new ulong[(shards + 63) / 64]);

    /// <summary>True if the shard is in the set.</summary>
    public bool Contains(int shard) => (_words[shard / 64] >> (shard % 64) & 1) != 0;

    /// <summary>True if any shard of the range is in the set.</summary>
    public bool Overlaps(ShardRange range)
    {
        for (int shard = range.Start; shard < range.End; shard++)
        {
            if (Contains(shard))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Union with a range.</summary>
    public ShardSet With(ShardRange range) => WithAll([range]);

    /// <summary>Union with ranges.</summary>
    public ShardSet WithAll(IEnumerable<ShardRange> ranges)
    {
        ulong[] words = [.. _words];
        foreach (ShardRange range in ranges)
        {
            for (int shard = range.Start; shard < range.End; shard++)
            {
                words[shard / 64] |= 1UL << (shard % 64);
            }
        }

        return new(Shards, words);
    }

    /// <summary>Shards not in the set, as maximal ranges in ascending order.</summary>
    public ImmutableArray<ShardRange> Gaps()
    {
        var gaps = ImmutableArray.CreateBuilder<ShardRange>();
        int start = 0;
        for (int shard = 0; shard <= Shards; shard++)
        {
            if (shard == Shards || Contains(shard))
            {
                if (shard > start)
                {
                    gaps.Add(new(start, shard - start));
                }

                start = shard + 1;
            }
        }

        return gaps.DrainToImmutable();
    }
}
