using System.Collections.Immutable;
using System.Numerics;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>An immutable set of leaves 0 … <see cref="Leaves"/> − 1.</summary>
public sealed class LeafSet
{
    private readonly ulong[] _words;

    private LeafSet(int leaves, ulong[] words)
    {
        Leaves = leaves;
        _words = words;
    }

    /// <summary>The leaves there are.</summary>
    public int Leaves { get; }

    /// <summary>The leaves in the set.</summary>
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

    /// <summary>Whether every leaf is in the set.</summary>
    public bool IsFull => Count == Leaves;

    /// <summary>The set of none of the leaves.</summary>
    public static LeafSet Empty(int leaves) => new(leaves, new ulong[(leaves + 63) / 64]);

    /// <summary>Whether the leaf is in the set.</summary>
    public bool Contains(int leaf) => (_words[leaf / 64] >> (leaf % 64) & 1) != 0;

    /// <summary>Whether any leaf of the range is in the set.</summary>
    public bool Overlaps(LeafRange range)
    {
        for (int leaf = range.Start; leaf < range.End; leaf++)
        {
            if (Contains(leaf))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>This set and the range.</summary>
    public LeafSet With(LeafRange range) => WithAll([range]);

    /// <summary>This set and the ranges.</summary>
    public LeafSet WithAll(IEnumerable<LeafRange> ranges)
    {
        ulong[] words = [.. _words];
        foreach (LeafRange range in ranges)
        {
            for (int leaf = range.Start; leaf < range.End; leaf++)
            {
                words[leaf / 64] |= 1UL << (leaf % 64);
            }
        }

        return new(Leaves, words);
    }

    /// <summary>The leaves not in the set as maximal ranges, from left to right.</summary>
    public ImmutableArray<LeafRange> Gaps()
    {
        var gaps = ImmutableArray.CreateBuilder<LeafRange>();
        int start = 0;
        for (int leaf = 0; leaf <= Leaves; leaf++)
        {
            if (leaf == Leaves || Contains(leaf))
            {
                if (leaf > start)
                {
                    gaps.Add(new(start, leaf - start));
                }

                start = leaf + 1;
            }
        }

        return gaps.DrainToImmutable();
    }
}
