using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class EpochPermutationTests
{
    [Fact]
    public void Every_order_of_four_rows_is_equally_likely()
    {
        // 24 orders, 24,000 draws: the chi-squared statistic with 23 degrees of freedom exceeds 58 once in 10,000 seeds.
        Dictionary<string, int> counts = [];
        EpochPermutation permutation = new(20180915, 4);
        for (int epoch = 0; epoch < 24_000; epoch++)
        {
            string order = string.Join(',', permutation.Of(epoch).ToArray());
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        Assert.InRange(counts.Values.Sum(n => (n - 1000.0) * (n - 1000.0) / 1000.0), 0, 58);
    }

    [Fact]
    public void The_order_is_the_same_on_every_machine()
    {
        // Computed by a plain implementation of Philox and the shuffle, in Python.
        Assert.Equal([9, 4, 1, 10, 6, 8, 2, 11, 3, 0, 5, 7], new EpochPermutation(42, 12).Of(0));
        Assert.Equal([4, 9, 3, 5, 7, 11, 8, 10, 6, 2, 1, 0], new EpochPermutation(42, 12).Of(1));
    }

    [Fact]
    public void Seeds_and_epochs_have_orders_of_their_own()
    {
        string[] orders =
        [
            .. from seed in (ulong[])[0, 1, 1UL << 32, ulong.MaxValue]
               from epoch in Enumerable.Range(0, 5)
               select string.Join(',', new EpochPermutation(seed, 50).Of(epoch).ToArray()),
        ];
        Assert.Equal(orders.Length, orders.Distinct().Count());
    }

    [Fact]
    public void Threads_that_ask_at_once_get_the_same_orders()
    {
        EpochPermutation shared = new(7, 1000);
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            int epoch = i % 5;
            Assert.True(shared.Of(epoch).SequenceEqual(new EpochPermutation(7, 1000).Of(epoch)));
        });
    }

    [Fact]
    public void No_rows_have_an_empty_order() => Assert.True(new EpochPermutation(1, 0).Of(0).IsEmpty);
}
