using System.Collections.Immutable;
using CsCheck;
using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class ShardDivisionTests
{
    private static readonly Gen<(int Shards, double[] Speeds)> Cases =
        Gen.Select(Gen.Int[0, 12], Gen.Double[0.1, 10].Array[1, 4]);

    [Fact]
    public void Counts_are_as_fast_as_the_best_of_all_divisions() => Cases.Sample(c =>
    {
        int[] counts = ShardPartitioner.Counts(c.Shards, new int[c.Speeds.Length], c.Speeds);
        Assert.Equal(c.Shards, counts.Sum());
        Assert.Equal(Best(c.Shards, c.Speeds), ShardPartitioner.Makespan(counts, c.Speeds), 1e-12);
    });

    [Fact]
    public void Workers_of_unlike_speed_get_shards_in_proportion() =>
        Assert.Equal([4, 8, 4], ShardPartitioner.Counts(16, [0, 0, 0], [1, 2, 1]));

    [Fact]
    public void Busy_workers_get_less() =>
        Assert.Equal([1, 5], ShardPartitioner.Counts(6, [4, 0], [1, 1]));

    [Fact]
    public void Ranges_hand_out_every_shard_of_every_gap_once() =>
        Gen.Select(Gen.Bool.Array[1, 64], Gen.Int[1, 5]).Sample((taken, workers) =>
        {
            ShardSet set = ShardSet.Empty(taken.Length);
            for (int shard = 0; shard < taken.Length; shard++)
            {
                set = taken[shard] ? set.With(new(shard, 1)) : set;
            }

            int free = taken.Count(t => !t);
            int[] counts = ShardPartitioner.Counts(free, new int[workers], [.. Enumerable.Repeat(1.0, workers)]);
            ImmutableArray<(int Worker, ShardRange Shards)> ranges = ShardPartitioner.Ranges(set.Gaps(), counts);
            Assert.Equal(
                Enumerable.Range(0, taken.Length).Where(shard => !taken[shard]),
                ranges.SelectMany(r => Enumerable.Range(r.Shards.Start, r.Shards.Count)));
            Assert.Equal(counts, Enumerable.Range(0, workers).Select(w => ranges.Where(r => r.Worker == w).Sum(r => r.Shards.Count)));
        });

    private static double Best(int shards, ReadOnlySpan<double> speeds)
    {
        if (speeds.Length == 1)
        {
            return shards / speeds[0];
        }

        double best = double.MaxValue;
        for (int mine = 0; mine <= shards; mine++)
        {
            best = Math.Min(best, Math.Max(mine / speeds[0], Best(shards - mine, speeds[1..])));
        }

        return best;
    }
}
