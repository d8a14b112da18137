using CsCheck;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class BatchPlanTests
{
    private static readonly Gen<(ulong Seed, int Rows, int BatchSize, int Epochs)> AnyPlan =
        from seed in Gen.ULong
        from rows in Gen.Int[1, 60]
        from batchSize in Gen.Int[1, rows]
        from epochs in Gen.Int[1, 6]
        select (seed, rows, batchSize, epochs);

    [Fact]
    public void Shuffled_every_row_comes_once_an_epoch_for_any_batch_size() => AnyPlan.Sample((seed, rows, batchSize, epochs) =>
    {
        BatchPlan plan = new(seed, rows, batchSize, epochs, shuffle: true);
        int[] stream = Stream(plan);
        Assert.Equal((long)epochs * rows / batchSize * batchSize, stream.Length);
        foreach (int[] epoch in stream.Chunk(rows).Where(e => e.Length == rows))
        {
            Assert.Equal(Enumerable.Range(0, rows), epoch.Order());
        }

        Assert.Equal(stream.Length % rows, stream.Chunk(rows).Where(e => e.Length < rows).SelectMany(e => e).Distinct().Count());
    });

    [Fact]
    public void The_order_does_not_depend_on_the_batch_size_or_the_number_of_epochs() => AnyPlan.Sample((seed, rows, batchSize, epochs) =>
    {
        int[] stream = Stream(new(seed, rows, batchSize, epochs, shuffle: true));
        int[] single = Stream(new(seed, rows, 1, epochs + 1, shuffle: true));
        Assert.Equal(single[..stream.Length], stream);
    });

    [Fact]
    public void Any_part_of_a_batch_can_be_asked_for_alone_and_in_any_order() => AnyPlan.Sample((seed, rows, batchSize, epochs) =>
    {
        foreach (bool shuffle in (bool[])[true, false])
        {
            BatchPlan plan = new(seed, rows, batchSize, epochs, shuffle);
            int[] stream = Stream(new(seed, rows, batchSize, epochs, shuffle));
            for (long step = plan.TotalSteps - 1; step >= 0; step--)
            {
                int first = (int)(seed % (ulong)batchSize);
                int[] part = new int[batchSize - first];
                plan.RowsOf(step, first, part.Length, part);
                Assert.Equal(stream[(int)((step * batchSize) + first)..(int)((step + 1) * batchSize)], part);
            }
        }
    });

    [Fact]
    public void Unshuffled_every_epoch_is_file_order_without_the_last_short_batch() => AnyPlan.Sample((seed, rows, batchSize, epochs) =>
    {
        BatchPlan plan = new(seed, rows, batchSize, epochs, shuffle: false);
        Assert.Equal(Enumerable.Repeat(Enumerable.Range(0, rows / batchSize * batchSize), epochs).SelectMany(e => e), Stream(plan));
    });

    [Fact]
    public void Epochs_end_where_their_last_row_is_used() => AnyPlan.Sample((seed, rows, batchSize, epochs) =>
    {
        foreach (bool shuffle in (bool[])[true, false])
        {
            BatchPlan plan = new(seed, rows, batchSize, epochs, shuffle);
            long used = shuffle ? rows : rows / batchSize * batchSize;
            Assert.Equal(used, plan.EpochRows);
            Assert.Equal(plan.TotalSteps, plan.StepsThrough(epochs));
            for (int epoch = 1; epoch < epochs; epoch++)
            {
                long steps = plan.StepsThrough(epoch);
                Assert.InRange(steps * batchSize, epoch * used, (epoch * used) + batchSize - 1);
                Assert.InRange((steps - 1) * batchSize, (epoch - 1) * used, (epoch * used) - 1);
            }

            for (int epoch = 2; epoch <= epochs; epoch++)
            {
                Assert.InRange(plan.StepsThrough(epoch), plan.StepsThrough(epoch - 1), plan.TotalSteps);
            }
        }
    });

    [Fact]
    public void The_notebook_run_has_402_steps()
    {
        BatchPlan plan = new(1, 55_000, 2048, 15, shuffle: true);
        Assert.Equal(402, plan.TotalSteps);
        Assert.Equal(27, plan.StepsThrough(1));
        Assert.Equal(402, plan.StepsThrough(15));
        Assert.Equal(54, plan.StepsThrough(2));
    }

    [Fact]
    public void A_batch_larger_than_the_set_says_the_largest_possible()
    {
        BadInputException wrong = Assert.Throws<BadInputException>(() => new BatchPlan(1, 100, 101, 1, true));
        Assert.Contains("at most 100", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(-5, 3)]
    public void Sizes_that_are_not_positive_are_refused(int batchSize, int epochs) =>
        Assert.Throws<BadInputException>(() => new BatchPlan(1, 100, batchSize, epochs, true));

    [Fact]
    public void Steps_and_ranges_outside_the_run_are_refused()
    {
        BatchPlan plan = new(1, 10, 5, 2, true);
        int[] room = new int[6];
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.RowsOf(4, 0, 5, room));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.RowsOf(-1, 0, 5, room));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.RowsOf(0, 1, 5, room));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.StepsThrough(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.StepsThrough(3));
    }

    private static int[] Stream(BatchPlan plan)
    {
        int[] stream = new int[plan.TotalSteps * plan.BatchSize];
        for (int step = 0; step < plan.TotalSteps; step++)
        {
            plan.RowsOf(step, 0, plan.BatchSize, stream.AsSpan(step * plan.BatchSize));
        }

        return stream;
    }
}
