using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>Properties that the cluster relies on: the bits of a shard depend on the shard alone, and sums are plain sums.</summary>
public sealed class NetworkShardTests
{
    private static readonly Gen<(ModelSpec Spec, int Seed)> Cases = Gen.Select(Samples.Specs, Gen.Int[0, 1 << 20]);

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(int.MaxValue)]
    public void Accumulating_gives_the_bits_of_gradient_plus_shard_gradient(int fusedAddDepth) =>
        AccumulatingAddsOnce(new PlainBlas { FusedAddDepth = fusedAddDepth });

    [Fact]
    public void Accumulating_with_the_fast_product_gives_the_bits_of_gradient_plus_shard_gradient() => AccumulatingAddsOnce(new SimdBlas());

    [Fact]
    public void Shards_give_the_same_bits_in_any_network_in_any_order() => Cases.Sample(
        (spec, seed) =>
        {
            Samples samples = new(spec, 16, seed);
            using Network one = new(spec, new SimdBlas(), 4);
            using Network other = new(spec, new SimdBlas(), 7);
            float[][] shards = [.. Enumerable.Range(0, 4).Select(shard => samples.Gradient(one, shard * 4, 4))];
            float[][] reversed = [.. Enumerable.Range(0, 4).Reverse().Select(shard => samples.Gradient(other, shard * 4, 4)).Reverse()];
            float[] tree = Sum(Sum(shards[0], shards[1]), Sum(shards[2], shards[3]));

            // One worker accumulates the right half in place, as for a subtree inside its range.
            other.ComputeGradient(samples.Shard(12, 4), samples.State, reversed[2], accumulate: true);
            AssertSameBits(tree, Sum(Sum(reversed[0], reversed[1]), reversed[2]));
        },
        iter: 100);

    [Fact]
    public void The_gradient_of_a_batch_is_the_sum_of_its_rows_and_rows_are_the_same_in_any_shard() => Cases.Sample(
        (spec, seed) =>
        {
            // Batch norm couples the rows of a shard; all other layers, noise and dropout included, treat rows separately.
            ModelSpec rowwise = spec with { Hidden = [.. spec.Hidden.Select(layer => layer with { BatchNorm = false })] };
            Samples samples = new(rowwise, 9, seed);
            using Network network = new(rowwise, new PlainBlas(), 9);
            float[] whole = samples.Gradient(network, 0, 9);
            float[] sum = new float[whole.Length];
            for (int row = 0; row < 9; row++)
            {
                network.ComputeGradient(samples.Shard(row, 1), samples.State, sum, accumulate: row > 0);
            }

            float scale = 1f + whole.Max(MathF.Abs);
            Assert.All(whole.Zip(sum), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * scale));
            int metrics = samples.Layout.CorrectOffset;
            Assert.Equal(whole[metrics..], sum[metrics..]);
        },
        iter: 100);

    [Fact]
    public void Padding_is_zero_and_every_value_is_overwritten() => Cases.Sample(
        (spec, seed) =>
        {
            Samples samples = new(spec, 4, seed);
            using Network network = new(spec, new PlainBlas(), 4);
            float[] gradient = samples.Gradient(network, 0, 4);
            HashSet<int> used = [samples.Layout.LossOffset, samples.Layout.CorrectOffset];
            used.UnionWith(samples.Layout.Tensors.SelectMany(view => Enumerable.Range(view.Offset, view.Length)));
            used.UnionWith(Enumerable.Range(samples.Layout.ActiveCountsOffset, samples.Layout.ActiveCountsLength));
            for (int i = 0; i < gradient.Length; i++)
            {
                Assert.True(float.IsFinite(gradient[i]) && (used.Contains(i) || gradient[i] == 0f), $"element {i} is {gradient[i]}");
            }
        },
        iter: 100);

    [Fact]
    public void A_shard_without_rows_adds_nothing()
    {
        ModelSpec spec = new() { Inputs = 3, Outputs = 2, Hidden = [new() { Units = 4, BatchNorm = true }] };
        Samples samples = new(spec, 4, 1);
        using Network network = new(spec, new PlainBlas(), 4);
        Assert.All(samples.Gradient(network, 0, 0), value => Assert.Equal(0f, value));
        float[] gradient = samples.Gradient(network, 0, 4);
        float[] before = [.. gradient];
        network.ComputeGradient(samples.Shard(0, 0), samples.State, gradient, accumulate: true);
        AssertSameBits(before, gradient);
    }

    [Fact]
    public void Active_counts_are_the_rows_for_which_a_ReLU_unit_is_positive()
    {
        // Unit 0 is always positive, unit 1 never, unit 2 for positive inputs. Dropout after the layer must not change counts.
        ModelSpec spec = new() { Inputs = 1, Outputs = 2, Hidden = [new() { Units = 3, Dropout = 0.9f }] };
        ParameterLayout layout = ParameterLayout.For(spec);
        float[] state = new float[layout.StateLength];
        ((ReadOnlySpan<float>)[0f, 0f, 1f]).CopyTo(layout.Find(ParameterKind.Weight, 0).Of(state.AsSpan()));
        ((ReadOnlySpan<float>)[1f, -1f, 0f]).CopyTo(layout.Find(ParameterKind.Bias, 0).Of(state.AsSpan()));
        using Network network = new(spec, new PlainBlas(), 5);
        float[] gradient = new float[layout.GradientLength];
        network.Load(state);
        network.ComputeGradient(
            new() { Count = 5, Features = [-2f, 1f, 0f, 3f, -1f], Labels = [0, 0, 0, 0, 0] }, state, gradient, accumulate: false);
        Assert.Equal([5f, 0f, 2f], gradient.AsSpan(layout.ActiveCountsOffset, layout.ActiveCountsLength).ToArray());
    }

    [Fact]
    public void The_batch_statistics_of_a_shard_stand_where_the_running_ones_do()
    {
        ModelSpec spec = new()
        {
            Inputs = 1,
            Outputs = 1,
            Loss = LossKind.MeanSquaredError,
            Hidden = [new() { Units = 1, BatchNorm = true }],
        };
        ParameterLayout layout = ParameterLayout.For(spec);
        float[] state = new float[layout.StateLength];
        layout.Find(ParameterKind.Weight, 0).Of(state.AsSpan())[0] = 2f;
        using Network network = new(spec, new PlainBlas(), 4);
        float[] gradient = new float[layout.GradientLength];
        network.Load(state);
        network.ComputeGradient(
            new() { Count = 4, Features = [1f, 2f, 3f, 6f], Targets = [0f, 0f, 0f, 0f] }, state, gradient, accumulate: false);
        Assert.Equal(6f, layout.Find(ParameterKind.RunningMean, 0).Of(gradient.AsSpan())[0]);
        Assert.Equal((16f + 4f + 0f + 36f) / 3f, layout.Find(ParameterKind.RunningVariance, 0).Of(gradient.AsSpan())[0], 1e-5f);
    }

    [Fact]
    public void A_single_row_cannot_be_batch_normalised()
    {
        ModelSpec spec = new() { Inputs = 1, Outputs = 2, Hidden = [new() { Units = 1, BatchNorm = true }] };
        Samples samples = new(spec, 1, 1);
        using Network network = new(spec, new PlainBlas(), 4);
        BadInputException exception = Assert.Throws<BadInputException>(() => samples.Gradient(network, 0, 1));
        Assert.Contains("batch-norm needs at least 2 rows", exception.Message, StringComparison.Ordinal);
        Assert.Equal(2, spec.MinimumRows);
        Assert.Throws<BadInputException>(() => spec.ValidateShardRows(1));
        spec.ValidateShardRows(2);
        (spec with { Hidden = [] }).ValidateShardRows(1);
    }

    [Fact]
    public void Computing_before_loading_is_refused()
    {
        ModelSpec spec = new() { Inputs = 1, Outputs = 2 };
        Samples samples = new(spec, 1, 1);
        using Network network = new(spec, new PlainBlas(), 4);
        Assert.Throws<InvalidOperationException>(
            () => network.ComputeGradient(samples.All(), samples.State, new float[samples.Layout.GradientLength], accumulate: false));
    }

    [Fact]
    public void The_steady_state_allocates_nothing()
    {
        ModelSpec spec = new()
        {
            Inputs = 20,
            Outputs = 10,
            InputDropout = 0.1f,
            InputNoise = 0.1f,
            Hidden =
            [
                .. Enum.GetValues<ActivationKind>().Select(
                    kind => new HiddenLayer { Units = 33, Activation = kind, BatchNorm = true, Dropout = 0.5f }),
            ],
        };
        Samples samples = new(spec, 16, 1);
        using Network network = new(spec, new SimdBlas(), 16);
        float[] gradient = samples.Gradient(network, 0, 16);
        float[] metrics = new float[samples.Layout.EvaluationLength];
        float[] outputs = new float[160];
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            network.Load(samples.State);
            network.ComputeGradient(samples.All(), samples.State, gradient, accumulate: true);
            network.Evaluate(samples.All(), samples.State, metrics, accumulate: true);
            network.Predict(samples.Features, 16, samples.State, outputs);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static void AccumulatingAddsOnce(IBlas blas) => Cases.Sample(
        (spec, seed) =>
        {
            Samples samples = new(spec, 11, seed);
            using Network network = new(spec, blas, 8);
            float[] first = samples.Gradient(network, 0, 3);
            float[] second = samples.Gradient(network, 3, 8);
            float[] expected = [.. first.Zip(second, (a, b) => a + b)];
            network.ComputeGradient(samples.Shard(3, 8), samples.State, first, accumulate: true);
            AssertSameBits(expected, first);
        },
        iter: 100);

    private static float[] Sum(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static void AssertSameBits(float[] expected, float[] actual) => Assert.Equal(
        Array.ConvertAll(expected, BitConverter.SingleToInt32Bits), Array.ConvertAll(actual, BitConverter.SingleToInt32Bits));
}
