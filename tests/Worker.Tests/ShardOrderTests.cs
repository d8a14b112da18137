using CsCheck;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

public sealed class ShardOrderTests
{
    private static readonly RoundId Round = new(3, RoundKind.Gradient);

    [Fact]
    public void Exactly_the_maximal_nodes_of_the_range_come_out_whatever_the_slots_and_their_order() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[1, 9], Gen.Int).Sample((power, workers, seed) =>
        {
            var random = new Random(seed);
            var tree = new ReductionTree(1 << power, 1 << power);
            int start = random.Next(tree.Shards);
            var range = new ShardRange(start, random.Next(1, tree.Shards - start + 1));
            using var pool = new BufferPool(1);
            var order = new ShardOrder(Round, tree, range, workers);
            SubtreeId[] parts = [.. order.Pieces.SelectMany(piece => tree.SubtreesOf(piece.Shards))];
            random.Shuffle(parts);
            List<SubtreeId> complete = [];
            foreach (SubtreeId part in parts)
            {
                RefCountedBuffer sum = pool.Rent();
                sum.Span[0] = tree.ShardsOf(part).Count;
                if (order.Put(part, sum) is { } done)
                {
                    Assert.Equal(tree.ShardsOf(done.Subtree).Count, done.Sum.Span[0]);
                    complete.Add(done.Subtree);
                    done.Sum.Release();
                }
            }

            Assert.Equal(0, order.Missing);
            Assert.Equal(tree.SubtreesOf(range), complete.OrderBy(subtree => tree.ShardsOf(subtree).Start));
        });

    [Fact]
    public void A_failed_piece_leaves_nothing_open_and_gives_buffers_back()
    {
        var tree = new ReductionTree(4, 4);
        using var pool = new BufferPool(1);
        var order = new ShardOrder(Round, tree, new(0, 4), workers: 2);
        Assert.Null(order.Put(new(2), pool.Rent()));
        order.Fail(1);
        Assert.Equal(0, order.Missing);
        order.Clear();
        pool.Rent().Release();
        Assert.Equal(1, pool.Created);
    }
}
