using System.Collections.Immutable;
using CsCheck;
using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class LeafDivisionTests
{
    private static readonly Gen<(int Leaves, double[] Speeds)> Cases =
        Gen.Select(Gen.Int[0, 12], Gen.Double[0.1, 10].Array[1, 4]);

    [Fact]
    public void Counts_are_as_fast_as_the_best_of_all_divisions() => Cases.Sample(c =>
    {
        int[] counts = LeafDivision.Counts(c.Leaves, new int[c.Speeds.Length], c.Speeds);
        Assert.Equal(c.Leaves, counts.Sum());
        Assert.Equal(Best(c.Leaves, c.Speeds), LeafDivision.Makespan(counts, c.Speeds), 1e-12);
    });

    [Fact]
    public void Workers_of_unlike_speed_get_leaves_in_proportion() =>
        Assert.Equal([4, 8, 4], LeafDivision.Counts(16, [0, 0, 0], [1, 2, 1]));

    [Fact]
    public void Busy_workers_get_less() =>
        Assert.Equal([1, 5], LeafDivision.Counts(6, [4, 0], [1, 1]));

    [Fact]
    public void Ranges_hand_out_every_leaf_of_every_gap_once() =>
        Gen.Select(Gen.Bool.Array[1, 64], Gen.Int[1, 5]).Sample((taken, workers) =>
        {
            LeafSet set = LeafSet.Empty(taken.Length);
            for (int leaf = 0; leaf < taken.Length; leaf++)
            {
                set = taken[leaf] ? set.With(new(leaf, 1)) : set;
            }

            int free = taken.Count(t => !t);
            int[] counts = LeafDivision.Counts(free, new int[workers], [.. Enumerable.Repeat(1.0, workers)]);
            ImmutableArray<(int Worker, LeafRange Leaves)> ranges = LeafDivision.Ranges(set.Gaps(), counts);
            Assert.Equal(
                Enumerable.Range(0, taken.Length).Where(leaf => !taken[leaf]),
                ranges.SelectMany(r => Enumerable.Range(r.Leaves.Start, r.Leaves.Count)));
            Assert.Equal(counts, Enumerable.Range(0, workers).Select(w => ranges.Where(r => r.Worker == w).Sum(r => r.Leaves.Count)));
        });

    private static double Best(int leaves, ReadOnlySpan<double> speeds)
    {
        if (speeds.Length == 1)
        {
            return leaves / speeds[0];
        }

        double best = double.MaxValue;
        for (int mine = 0; mine <= leaves; mine++)
        {
            best = Math.Min(best, Math.Max(mine / speeds[0], Best(leaves - mine, speeds[1..])));
        }

        return best;
    }
}
