using CsCheck;
using NnCluster.Data;

namespace NnCluster.Shared.Tests.Data;

public sealed class RowSplitterTests
{
    private static readonly Gen<(ulong Seed, int[] Labels, double Share)> Cases =
        Gen.Select(Gen.ULong, Gen.Int[0, 4].Array[2, 300], Gen.Double[0, 1]);

    [Fact]
    public void Every_row_is_in_one_part_and_each_class_has_its_share_to_within_one_row() => Cases.Sample((seed, labels, share) =>
    {
        int count = (int)(labels.Length * share);
        (int[] drawn, int[] left) = new RowSplitter(seed).Draw(All(labels), count, row => labels[row]);
        Assert.Equal(count, drawn.Length);
        Assert.Equal(All(labels), drawn.Concat(left).Order());
        Assert.Equal(drawn.Order(), drawn);
        foreach (int label in labels.Distinct())
        {
            double expected = (double)labels.Count(other => other == label) * count / labels.Length;
            Assert.InRange(drawn.Count(row => labels[row] == label), Math.Floor(expected), Math.Ceiling(expected));
        }
    });

    [Fact]
    public void The_same_seed_draws_the_same_rows_and_another_one_others()
    {
        int[] labels = [.. Enumerable.Range(0, 200).Select(row => row % 3)];
        int[] Draw(ulong seed) => new RowSplitter(seed).Draw(All(labels), 40, row => labels[row]).Drawn;
        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
    }

    [Fact]
    public void Rows_of_a_sorted_file_are_drawn_from_all_of_it()
    {
        int[] drawn = new RowSplitter(1).Draw(All(new int[1000]), 200, null).Drawn;
        Assert.All(Enumerable.Range(0, 10), part => Assert.InRange(drawn.Count(row => row / 100 == part), 5, 35));
    }

    [Fact]
    public void No_group_is_in_both_parts_and_about_the_share_is_drawn() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 30].Array[60, 300], Gen.Double[0.1, 0.5]).Sample((seed, groups, share) =>
        {
            int count = (int)(groups.Length * share);
            (int[] drawn, int[] left) = new RowSplitter(seed).DrawGroups(All(groups), count, row => groups[row]);
            Assert.Empty(drawn.Select(row => groups[row]).Intersect(left.Select(row => groups[row])));
            Assert.Equal(All(groups), drawn.Concat(left).Order());
            int largest = groups.GroupBy(group => group).Max(group => group.Count());
            Assert.InRange(drawn.Length, count - largest, count + largest);
        });

    private static int[] All(int[] labels) => [.. Enumerable.Range(0, labels.Length)];
}
