using CsCheck;
using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class ReductionTreeTests
{
    private static readonly Gen<ReductionTree> Trees =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 500], (power, more) => new ReductionTree(1 << power, (1 << power) + more));

    [Fact]
    public void Shards_hold_every_row_once_and_in_order() => Trees.Sample(tree =>
    {
        int next = 0;
        for (int shard = 0; shard < tree.Shards; shard++)
        {
            Assert.Equal(next, tree.FirstRow(shard));
            Assert.InRange(tree.RowsOf(shard), tree.MinShardRows, tree.MaxShardRows);
            next += tree.RowsOf(shard);
        }

        Assert.Equal(tree.Rows, next);
    });

    [Fact]
    public void Nodes_of_a_range_are_the_fewest_that_make_it_up() =>
        Gen.Select(Trees, Gen.Double[0, 1], Gen.Double[0, 1]).Sample((tree, a, b) =>
        {
            int start = (int)(a * tree.Shards);
            start = Math.Min(start, tree.Shards - 1);
            var range = new ShardRange(start, 1 + (int)(b * (tree.Shards - start - 1)));
            var subtrees = tree.SubtreesOf(range);
            int next = range.Start;
            foreach (SubtreeId subtree in subtrees)
            {
                Assert.Equal(next, tree.ShardsOf(subtree).Start);
                next = tree.ShardsOf(subtree).End;
            }

            Assert.Equal(range.End, next);
            // Fewest: no two neighbours are the two children of one subtree.
            Assert.DoesNotContain(subtrees.Zip(subtrees.Skip(1)), pair => pair.First.Value + 1 == pair.Second.Value && pair.First.Value % 2 == 0);
            Assert.True(subtrees.Length <= Math.Max(1, 2 * int.Log2(tree.Shards)));
        });

    [Fact]
    public void An_inner_node_holds_the_shards_of_its_children() => Trees.Where(tree => tree.Shards > 1).Sample(tree =>
    {
        for (int value = 1; value < tree.Shards; value++)
        {
            var subtree = new SubtreeId(value);
            ShardRange left = tree.ShardsOf(subtree.Left);
            ShardRange right = tree.ShardsOf(subtree.Right);
            Assert.Equal(new ShardRange(left.Start, left.Count + right.Count), tree.ShardsOf(subtree));
            Assert.Equal(left.End, right.Start);
        }
    });

    [Theory]
    [InlineData(2048, 16)]
    [InlineData(1024, 16)]
    [InlineData(1023, 8)]
    [InlineData(256, 4)]
    [InlineData(128, 2)]
    [InlineData(127, 1)]
    [InlineData(1, 1)]
    public void Default_shards_are_up_to_16_of_at_least_64_rows(int rows, int shards) =>
        Assert.Equal(shards, ReductionTree.DefaultShards(rows));

    [Theory]
    [InlineData(3, 100, "Shards 3: the number of shards is a power of two from 1 to 4096 (1, 2, 4, 8, 16 …).")]
    [InlineData(0, 100, "Shards 0: the number of shards is a power of two from 1 to 4096 (1, 2, 4, 8, 16 …).")]
    [InlineData(8192, 10000, "Shards 8192: the number of shards is a power of two from 1 to 4096 (1, 2, 4, 8, 16 …).")]
    [InlineData(128, 100, "Shards 128: 100 rows cannot be cut into 128 shards; take at most 64.")]
    public void Shards_that_cannot_be_are_refused_with_what_can(int shards, int rows, string message) =>
        Assert.Equal(message, Assert.Throws<BadInputException>(() => new ReductionTree(shards, rows)).Message);
}
