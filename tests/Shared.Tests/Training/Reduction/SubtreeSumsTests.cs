using CsCheck;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class GradientTreeTests : IDisposable
{
    private const int Length = 37;
    private readonly BufferPool _pool = new(Length);

    [Fact]
    public void Any_disjoint_nodes_in_any_order_give_the_reference_sum_to_the_bit() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int).Sample((power, seed) =>
        {
            var tree = new ReductionTree(1 << power, 1 << power);
            var random = new Random(seed);
            float[][] shards = [.. Enumerable.Range(0, tree.Shards).Select(_ => Values(random))];
            var sums = new SubtreeSums(tree.Shards);
            SubtreeId[] subtrees = [.. Cover(tree, SubtreeId.Root, random)];
            random.Shuffle(subtrees);
            foreach (SubtreeId subtree in subtrees)
            {
                Assert.False(sums.IsComplete);
                RefCountedBuffer buffer = _pool.Rent();
                ShardRange range = tree.ShardsOf(subtree);
                ReferenceSum.Of(shards.AsSpan(range.Start, range.Count)).CopyTo(buffer.Span);
                sums.Put(subtree, buffer);
            }

            Assert.True(sums.IsComplete);
            float[] whole = new float[Length];
            sums.SumInto(0, whole, new float[sums.ScratchLength(Length)]);
            Assert.Equal(Bits(ReferenceSum.Of(shards)), Bits(whole));

            int offset = random.Next(Length);
            float[] part = new float[random.Next(Length - offset + 1)];
            sums.SumInto(offset, part, new float[sums.ScratchLength(part.Length)]);
            Assert.Equal(Bits(whole.AsSpan(offset, part.Length).ToArray()), Bits(part));
            sums.Clear();
        });

    [Fact]
    public void Taking_a_covered_node_out_gives_its_reference_sum_to_the_bit() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int).Sample((power, seed) =>
        {
            var tree = new ReductionTree(1 << power, 1 << power);
            var random = new Random(seed);
            float[][] shards = [.. Enumerable.Range(0, tree.Shards).Select(_ => Values(random))];
            SubtreeId top = new(random.Next(1, 2 * tree.Shards));
            ShardRange range = tree.ShardsOf(top);
            var sums = new SubtreeSums(tree.Shards);
            foreach (SubtreeId subtree in Cover(tree, top, random))
            {
                Assert.False(sums.Covers(top));
                RefCountedBuffer buffer = _pool.Rent();
                ShardRange below = tree.ShardsOf(subtree);
                ReferenceSum.Of(shards.AsSpan(below.Start, below.Count)).CopyTo(buffer.Span);
                sums.Put(subtree, buffer);
            }

            Assert.True(sums.Covers(top));
            RefCountedBuffer sum = sums.Extract(top);
            Assert.Equal(Bits(ReferenceSum.Of(shards.AsSpan(range.Start, range.Count))), Bits(sum.Span.ToArray()));
            Assert.False(sums.Covers(top));
            Assert.Throws<InvalidOperationException>(() => sums.Extract(top));
            sum.Release();
        });

    [Fact]
    public void Clearing_gives_every_buffer_back()
    {
        var sums = new SubtreeSums(4);
        for (int round = 0; round < 3; round++)
        {
            sums.Put(new(2), _pool.Rent());
            sums.Put(new(3), _pool.Rent());
            sums.Clear();
            Assert.False(sums.IsComplete);
        }

        Assert.Equal(2, _pool.Created);
    }

    [Fact]
    public void A_node_is_not_taken_twice()
    {
        var sums = new SubtreeSums(2);
        sums.Put(new(2), _pool.Rent());
        Assert.Throws<InvalidOperationException>(() => sums.Put(new(2), _pool.Rent()));
    }

    public void Dispose() => _pool.Dispose();

    // Magnitudes lie far apart: another order of additions gives other bits.
    private static float[] Values(Random random) =>
        [.. Enumerable.Range(0, Length).Select(_ => (random.NextSingle() - 0.5f) * float.Pow(10, random.Next(-4, 5)))];

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    private static IEnumerable<SubtreeId> Cover(ReductionTree tree, SubtreeId subtree, Random random) =>
        tree.IsShard(subtree) || random.Next(3) == 0 ? [subtree] : [.. Cover(tree, subtree.Left, random), .. Cover(tree, subtree.Right, random)];
}
