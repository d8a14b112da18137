using System.Runtime.InteropServices;
using CsCheck;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class ShardComputerTests : IDisposable
{
    private readonly SmallRun _run = new();

    [Fact]
    public void Any_cut_into_ranges_gives_the_bits_of_the_whole() =>
        Gen.Int[1, 255].Sample(
            cuts =>
            {
                float[] whole = Sum([new ShardRange(0, 8)], RoundKind.Gradient);
                // Bit i of the mask cuts between shard i and shard i + 1.
                List<ShardRange> ranges = [];
                int start = 0;
                for (int shard = 0; shard < 8; shard++)
                {
                    if (shard == 7 || (cuts >> shard & 1) != 0)
                    {
                        ranges.Add(new(start, shard + 1 - start));
                        start = shard + 1;
                    }
                }

                Assert.Equal(Bits(whole), Bits(Sum(ranges, RoundKind.Gradient)));
            },
            iter: 100);

    [Fact]
    public void A_range_is_answered_with_its_maximal_nodes()
    {
        using ShardComputer computer = _run.CreateComputer();
        List<SubtreeId> subtrees = [];
        computer.Compute(Work(new(1, 7), RoundKind.Gradient), (subtree, sum) =>
        {
            subtrees.Add(subtree);
            sum.Release();
        });
        Assert.Equal([new(9), new(5), new(3)], subtrees);
    }

    [Fact]
    public void Every_row_is_counted_once_in_an_evaluation()
    {
        float[] metrics = Sum([new(0, RunSpec.EvaluationTree(_run.Data.Test.Rows).Shards)], RoundKind.Test);
        Assert.Equal(_run.Data.Test.Rows, metrics[2..(2 + 9)].Sum());
        Assert.True(metrics[0] > 0);
    }

    [Fact]
    public void In_the_steady_state_no_buffer_is_made()
    {
        using ShardComputer computer = _run.CreateComputer();
        void ComputeOnce() => computer.Compute(Work(new(0, 8), RoundKind.Gradient), (_, sum) => sum.Release());
        ComputeOnce();
        int made = _run.Gradients.Created;
        ComputeOnce();
        Assert.Equal(made, _run.Gradients.Created);
    }

    public void Dispose() => _run.Dispose();

    private ComputeShards Work(ShardRange shards, RoundKind kind) => new(new(0, kind), shards, _run.State);

    // Computes each range with a separate computer, as separate workers do.
    private float[] Sum(IEnumerable<ShardRange> ranges, RoundKind kind)
    {
        int shards = kind == RoundKind.Gradient ? 8 : RunSpec.EvaluationTree(_run.Data.Test.Rows).Shards;
        var sums = new SubtreeSums(shards);
        foreach (ShardRange range in ranges)
        {
            using ShardComputer computer = _run.CreateComputer();
            computer.Compute(Work(range, kind), sums.Put);
        }

        float[] sum = new float[kind == RoundKind.Gradient ? _run.Layout.GradientLength : _run.Layout.EvaluationLength];
        sums.SumInto(0, sum, new float[sums.ScratchLength(sum.Length)]);
        sums.Clear();
        return sum;
    }

    private static int[] Bits(float[] values) => MemoryMarshal.Cast<float, int>(values).ToArray();
}
