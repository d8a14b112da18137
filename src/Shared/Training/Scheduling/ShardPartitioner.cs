using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>Divides shards among participants so that the last one finishes as early as possible.</summary>
internal static class ShardPartitioner
{
    /// <summary>
    /// Number of shards for each participant. Greedy: one shard after the other goes to the participant that would finish it
    /// first (the first of equals), which is optimal for shards of equal cost.
    /// </summary>
    /// <param name="shards">Shards to divide.</param>
    /// <param name="loads">Shards that each participant has in flight.</param>
    /// <param name="speeds">Speed of each participant, positive, in any unit: only ratios matter.</param>
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

    /// <summary>Time until the last participant finishes, in shards / speed.</summary>
    public static double Makespan(ReadOnlySpan<int> counts, ReadOnlySpan<double> speeds)
    {
        double latest = 0;
        for (int worker = 0; worker < counts.Length; worker++)
        {
            latest = Math.Max(latest, counts[worker] / speeds[worker]);
        }

        return latest;
    }

    /// <summary>Divides the gaps from left to right: ranges for each participant that add up to its count.</summary>
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
