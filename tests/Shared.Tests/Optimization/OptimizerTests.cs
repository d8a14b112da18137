using System.Collections.Immutable;
using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

public class OptimizerTests
{
    private static readonly (ImmutableArray<ParameterView> Tensors, int Length) Model = OptimizerSetup.Layout(
        (ParameterKind.Weight, [5, 7]), (ParameterKind.Bias, [5]), (ParameterKind.Scale, [5]), (ParameterKind.Shift, [5]),
        (ParameterKind.Slope, [1]), (ParameterKind.Weight, [3, 5]), (ParameterKind.Bias, [3]), (ParameterKind.RunningMean, [5]));

    [Fact]
    public void Penalise_moves_weights_only_and_by_the_derivative_of_the_penalty()
    {
        OptimizerSetup setup = Setup(new OptimizerSpec { L1 = 0.3, L2 = 0.2 });
        Range range = setup.Optimizer.BlockRange(0);
        setup.Optimizer.Penalise(0, setup.Gradient.AsSpan(range), setup.Parameters.AsSpan(range));
        for (int i = 0; i < Model.Length; i++)
        {
            float[] moved = (float[])setup.Parameters.Clone();
            const float Step = 1f / 1024;
            moved[i] += Step;
            double above = Penalty(setup, moved);
            moved[i] -= 2 * Step;
            Assert.Equal((above - Penalty(setup, moved)) / (2 * Step), setup.Gradient[i], 1e-4);
        }

        Assert.Contains(setup.Gradient, g => g != 0);
    }

    [Fact]
    public void L1_has_no_pull_on_a_weight_of_zero()
    {
        OptimizerSetup setup = Setup(new OptimizerSpec { L1 = 0.3 });
        setup.Parameters.AsSpan().Clear();
        setup.Step(1);
        Assert.All(setup.Parameters, w => Assert.Equal(0, w));
    }

    [Fact]
    public void Penalise_returns_the_sum_of_squares_of_what_it_shards() =>
        Gen.Select(Gen.Float[-3, 3].Array[Model.Length], Gen.Float[-3, 3].Array[Model.Length]).Sample((gradient, parameters) =>
        {
            OptimizerSetup setup = Setup(new OptimizerSpec { L2 = 0.2 });
            Range range = setup.Optimizer.BlockRange(0);
            double sum = setup.Optimizer.Penalise(0, gradient.AsSpan(range), parameters.AsSpan(range));
            double plain = gradient[range].Sum(g => (double)g * g);
            Assert.Equal(plain, sum, 1e-12 * plain);
        });

    [Fact]
    public void Clipping_bounds_the_step_and_leaves_short_gradients_alone() =>
        Gen.Select(Gen.Double[0.01, 10], Gen.Int[0, 1000]).Sample((clip, seed) =>
        {
            OptimizerSpec plain = new() { Kind = OptimizerKind.Sgd, LearningRate = 1 };
            OptimizerSetup free = Setup(plain);
            OptimizerSetup clipped = Setup(plain with { ClipNorm = clip });
            Lcg random = new(seed);
            free.Fill(free.Gradient, random.Next);
            free.Gradient.CopyTo(clipped.Gradient.AsSpan());
            float[] start = (float[])clipped.Parameters.Clone();
            free.Step(1);
            clipped.Step(1);
            double length = Math.Sqrt(clipped.Parameters.Zip(start, (a, b) => Math.Pow((double)a - b, 2)).Sum());
            Assert.True(length <= clip * (1 + 1e-5));
            Assert.Equal(free.GradientNorm, clipped.GradientNorm);
            if (clipped.GradientNorm < clip - 1e-5)
            {
                Assert.Equal(free.Parameters, clipped.Parameters);
            }
        });

    [Fact]
    public void A_gradient_that_is_not_a_number_reaches_the_norm_and_the_parameters()
    {
        OptimizerSetup setup = Setup(new OptimizerSpec { ClipNorm = 1 });
        setup.Gradient[3] = float.NaN;
        setup.Step(1);
        Assert.True(double.IsNaN(setup.GradientNorm));
        Assert.True(float.IsNaN(setup.Parameters[3]));
    }

    [Fact]
    public void Max_norm_shortens_long_rows_in_their_direction_and_leaves_short_ones_alone() =>
        Gen.Select(Gen.Float[-2, 2].Array[Model.Length], Gen.Double[0.5, 4]).Sample((start, limit) =>
        {
            OptimizerSetup setup = Setup(new OptimizerSpec { MaxNorm = limit });
            float[] projected = (float[])start.Clone();
            setup.Optimizer.Project(0, setup.Optimizer.NeuronCount, projected);
            foreach (ParameterView tensor in Model.Tensors)
            {
                int inputs = tensor.Kind == ParameterKind.Weight ? tensor.Shape[1] : tensor.Length;
                for (int row = 0; row < tensor.Length / inputs; row++)
                {
                    float[] before = start.AsSpan(tensor.Offset + (row * inputs), inputs).ToArray();
                    float[] after = projected.AsSpan(tensor.Offset + (row * inputs), inputs).ToArray();
                    double norm = Math.Sqrt(before.Sum(w => (double)w * w));
                    double factor = tensor.Kind == ParameterKind.Weight && norm > limit ? limit / norm : 1;
                    Assert.All(before.Zip(after), pair => Assert.Equal(pair.First * factor, pair.Second, factor == 1 ? 0 : 1e-6));
                }
            }
        });

    [Fact]
    public void Neurons_are_counted_through_all_weight_tensors() => Assert.Equal(8, Setup(new OptimizerSpec()).Optimizer.NeuronCount);

    [Fact]
    public void Project_refuses_neurons_that_do_not_exist()
    {
        Optimizer optimizer = Setup(new OptimizerSpec { MaxNorm = 1 }).Optimizer;
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.Project(7, 2, new float[Model.Length]));
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, "adam.m,adam.v")]
    [InlineData(OptimizerKind.AdamW, "adam.m,adam.v")]
    [InlineData(OptimizerKind.Sgd, "")]
    [InlineData(OptimizerKind.Momentum, "momentum.buffer")]
    [InlineData(OptimizerKind.Nesterov, "momentum.buffer")]
    [InlineData(OptimizerKind.RmsProp, "rmsprop.v")]
    [InlineData(OptimizerKind.AdaGrad, "adagrad.sum")]
    public void Slots_are_named_whether_clipped_or_not(OptimizerKind kind, string names)
    {
        Assert.Equal(names, string.Join(',', Setup(new OptimizerSpec { Kind = kind }).Optimizer.StateNames));
        Assert.Equal(names, string.Join(',', Setup(new OptimizerSpec { Kind = kind, ClipNorm = 1 }).Optimizer.StateNames));
    }

    [Theory]
    [InlineData(1, 0.1, 0.001)]
    [InlineData(2, 0.19, 0.001999)]
    [InlineData(1000, 1, 0.63230457)]
    [InlineData(5_000_000_000, 1, 1)]
    public void Bias_corrections_are_those_of_Adam(long step, double correction1, double correction2)
    {
        StepScalars scalars = Setup(new OptimizerSpec()).Optimizer.Begin(step);
        Assert.Equal(correction1, scalars.BiasCorrection1, 1e-8);
        Assert.Equal(correction2, scalars.BiasCorrection2, 1e-8);
    }

    [Fact]
    public void Blocks_cover_the_learned_elements_once()
    {
        (var tensors, int length) = OptimizerSetup.Layout(
            (ParameterKind.Weight, [100, 100]), (ParameterKind.Bias, [100]), (ParameterKind.RunningMean, [100]));
        Optimizer optimizer = Optimizer.Create(new OptimizerSpec(), tensors, tensors[2].Offset, 1);
        Assert.Equal(tensors[2].Offset, optimizer.LearnedLength);
        int end = 0;
        for (int block = 0; block < optimizer.BlockCount; block++)
        {
            (int offset, int blockLength) = optimizer.BlockRange(block).GetOffsetAndLength(length);
            Assert.Equal(end, offset);
            end += blockLength;
        }

        Assert.Equal(optimizer.LearnedLength, end);
    }

    [Fact]
    public void Update_refuses_missing_slots_and_short_spans()
    {
        Optimizer optimizer = Setup(new OptimizerSpec()).Optimizer;
        float[] block = new float[optimizer.LearnedLength];
        StepScalars scalars = optimizer.Begin(1);
        Assert.Throws<ArgumentException>(() => optimizer.Update(0, scalars, 0, block, block, new StateSpans(block), block));
        Assert.ThrowsAny<ArgumentException>(() => optimizer.Update(0, scalars, 0, block, block, new StateSpans(block, block), block.AsSpan(1)));
    }

    [Fact]
    public void Create_takes_the_tensors_in_any_order()
    {
        OptimizerSpec spec = new() { L1 = 0.1, WeightDecay = 0.2, Kind = OptimizerKind.AdamW };
        OptimizerSetup listed = Setup(spec);
        OptimizerSetup reversed = new(spec, [.. Model.Tensors.Reverse()], Model.Length);
        listed.Parameters.CopyTo(reversed.Parameters.AsSpan());
        listed.Step(1);
        reversed.Step(1);
        Assert.Equal(listed.Parameters, reversed.Parameters);
    }

    [Fact]
    public void Create_refuses_overlapping_tensors_and_ones_off_the_boundary()
    {
        ParameterView running = new("mean", ParameterKind.RunningMean, [4], 0, 0);
        ParameterView after = new("bias", ParameterKind.Bias, [4], 16, 0);
        ParameterView off = new("bias", ParameterKind.Bias, [4], 8, 0);
        Assert.Throws<ArgumentException>(() => Optimizer.Create(new OptimizerSpec(), [running, after], 32, 1));
        Assert.Throws<ArgumentException>(() => Optimizer.Create(new OptimizerSpec(), [off], 32, 1));
        Assert.Throws<ArgumentException>(() => Optimizer.Create(new OptimizerSpec(), [after, after], 32, 1));
        Assert.Throws<ArgumentException>(() => Optimizer.Create(new OptimizerSpec(), [after], 16, 1));
    }

    [Fact]
    public void Slots_are_cut_from_whole_buffers()
    {
        using AlignedBuffer first = new(64);
        using AlignedBuffer second = new(64);
        (first.Span[20], second.Span[20]) = (1, 2);
        StateSpans states = StateSpans.Of([first, second], 16..32);
        Assert.Equal(16, states.First.Length);
        Assert.Equal((1, 2), (states.First[4], states.Second[4]));
        Assert.True(StateSpans.Of([first], 16..32).Second.IsEmpty);
    }

    // λ₁‖w‖₁ + ½λ₂‖w‖₂² over all weights.
    private static double Penalty(OptimizerSetup setup, float[] parameters) => setup.Tensors
        .Where(tensor => tensor.Kind == ParameterKind.Weight)
        .SelectMany(tensor => tensor.Of(parameters.AsSpan()).ToArray())
        .Sum(w => (setup.Optimizer.Spec.L1 * Math.Abs(w)) + (setup.Optimizer.Spec.L2 / 2 * w * w));

    private static OptimizerSetup Setup(OptimizerSpec spec)
    {
        OptimizerSetup setup = new(spec, Model.Tensors, Model.Length);
        setup.Fill(setup.Parameters, new Lcg(3).Next);
        return setup;
    }
}
