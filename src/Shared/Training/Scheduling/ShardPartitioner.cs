using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>Cuts shards among workers so that the last one is done as early as possible.</summary>
public static class ShardPartitioner
{
    /// <summary>
    /// How many of <paramref name="shards"/> equal shards each worker gets: one after the other, each to the worker
    /// that would be done with it first (ties to the first in order), which is optimal for equal shards.
    /// </summary>
    /// <param name="shards">Shards to give away.</param>
    /// <param name="loads">Shards each worker still has to do.</param>
    /// <param name="speeds">Shards, or rows, a second: only ratios matter; all positive.</param>
    public static int[] Counts(int shards, ReadOnlySpan<int> loads, ReadOnlySpan<double> speeds)
    {
        int[] counts = new int[speeds.Length];
        var next = new PriorityQueue<int, (double, int)>(speeds.Length);
        for (int worker = 0; worker < speeds.Length; worker++)
        {
            next.Enqueue(worker, ((loads[worker] + 1) / speeds[worker], worker));
        }

        for (int shard = 0; shard < shards; shard++)
        {
            int worker = next.Dequeue();
            counts[worker]++;
            next.Enqueue(worker, ((loads[worker] + counts[worker] + 1) / speeds[worker], worker));
        }

        return counts;
    }

    /// <summary>When the last worker would be done, in shards over speed.</summary>
    public static double Makespan(ReadOnlySpan<int> counts, ReadOnlySpan<double> speeds)
    {
        double latest = 0;
        for (int worker = 0; worker < counts.Length; worker++)
        {
            latest = Math.Max(latest, counts[worker] / speeds[worker]);
        }

        return latest;
    }

    /// <summary>Hands out <paramref name="gaps"/> from left to right, each worker its count, as contiguous as the gaps allow.</summary>
    public static ImmutableArray<(int Worker, ShardRange Shards)> Ranges(ImmutableArray<ShardRange> gaps, ReadOnlySpan<int> counts)
    {
        var ranges = ImmutableArray.CreateBuilder<(int, ShardRange)>();
        int worker = 0;
        int left = counts[0];
        foreach (ShardRange gap in gaps)
        {
            int start = gap.Start;
            while (start < gap.End)
            {
                while (left == 0)
                {
                    left = counts[++worker];
                }

                int count = Math.Min(left, gap.End - start);
                ranges.Add((worker, new(start, count)));
                start += count;
                left -= count;
            }
        }

        return ranges.DrainToImmutable();
    }
}
