using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

public class OptimizerBitsTests
{
    private static readonly (ImmutableArray<ParameterView> Tensors, int Length) Model = OptimizerSetup.Layout(
        (ParameterKind.Weight, [37, 211]), (ParameterKind.Bias, [37]), (ParameterKind.Scale, [37]), (ParameterKind.Shift, [37]),
        (ParameterKind.Slope, [1]), (ParameterKind.Weight, [61, 37]), (ParameterKind.Bias, [61]), (ParameterKind.RunningMean, [37]),
        (ParameterKind.RunningVariance, [37]));

    private static readonly Gen<OptimizerSpec> Specs = Gen.Select(
        Gen.Enum<OptimizerKind>(), Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool,
        (kind, l1, l2, clip, maxNorm) => new OptimizerSpec
        {
            Kind = kind,
            L1 = l1 ? 0.03 : 0,
            L2 = l2 ? 0.02 : 0,
            ClipNorm = clip ? 5 : null,
            MaxNorm = maxNorm ? 8 : null,
        });

    [Fact]
    public void Any_order_of_blocks_on_any_threads_gives_the_same_bits() =>
        Gen.Select(Specs, Gen.Int, Gen.Bool).Sample(
            (spec, seed, inPlace) =>
            {
                OptimizerSetup inOrder = Run(spec, 3, OptimizerSetup.InOrder, inPlace: false);
                OptimizerSetup shuffled = Run(spec, 3, (count, body) => OnThreads(count, seed, body), inPlace);
                AssertSameBits(inOrder, shuffled);
            },
            iter: 60);

    // Each length of the last tensor ends the vector loop at another element, in a buffer without padding at its end.
    [Theory]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.Momentum)]
    [InlineData(OptimizerKind.Nesterov)]
    [InlineData(OptimizerKind.RmsProp)]
    [InlineData(OptimizerKind.AdaGrad)]
    public void Vectors_and_their_tails_have_the_bits_of_the_plain_loop(OptimizerKind kind)
    {
        for (int length = 1; length <= 70; length++)
        {
            OptimizerSpec spec = new() { Kind = kind, L1 = 0.01, L2 = 0.02, ClipNorm = 1 };
            OptimizerSetup setup = new(spec, [new ParameterView("w", ParameterKind.Weight, [1, length], 0, 0)], length);
            Lcg random = new(length);
            setup.Fill(setup.Parameters, random.Next);
            PlainOptimizer plain = new(setup.Optimizer.Spec, setup.Parameters);
            for (int step = 1; step <= 3; step++)
            {
                setup.Fill(setup.Gradient, random.Next);
                plain.Step(setup.Optimizer.Begin(step), setup.Gradient);
                setup.Step(step);
                AssertSameBits(plain.Parameters, setup.Parameters);
            }
        }
    }

    // Written on a processor with AVX-512; DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0 and DOTNET_EnableHWIntrinsic=0 must find the same.
    [Theory]
    [InlineData(OptimizerKind.Adam, 0xc4ccb2ab7f9f57c4UL)]
    [InlineData(OptimizerKind.AdamW, 0x4d7ab1192b35177aUL)]
    [InlineData(OptimizerKind.Sgd, 0x26dd63589e37f562UL)]
    [InlineData(OptimizerKind.Momentum, 0x2284beefb55c66fcUL)]
    [InlineData(OptimizerKind.Nesterov, 0x7d84c240f660a33aUL)]
    [InlineData(OptimizerKind.RmsProp, 0x90146954edf872c8UL)]
    [InlineData(OptimizerKind.AdaGrad, 0x1355700b68f8167bUL)]
    public void Bits_are_the_same_on_every_machine(OptimizerKind kind, ulong hash)
    {
        OptimizerSpec spec = new() { Kind = kind, Schedule = ScheduleKind.OneCycle, L1 = 0.03, L2 = 0.02, ClipNorm = 5, MaxNorm = 8 };
        OptimizerSetup setup = Run(spec, 10, OptimizerSetup.InOrder, inPlace: true);
        Assert.Equal(hash, XxHash3.HashToUInt64(MemoryMarshal.AsBytes(setup.Parameters.AsSpan())));
    }

    [Fact]
    public void Gaps_stay_zero_and_running_statistics_stay_as_they_are() =>
        Specs.Sample(
            spec =>
            {
                OptimizerSetup setup = Run(spec, 3, OptimizerSetup.InOrder, inPlace: true);
                OptimizerSetup start = Start(spec, out _);
                bool[] isLearned = new bool[Model.Length];
                foreach (ParameterView tensor in Model.Tensors)
                {
                    if (tensor.Offset < setup.Optimizer.LearnedLength)
                    {
                        isLearned.AsSpan(tensor.Offset, tensor.Length).Fill(true);
                    }
                }

                for (int i = 0; i < Model.Length; i++)
                {
                    Assert.True(isLearned[i] || setup.Parameters[i] == start.Parameters[i], $"element {i} moved");
                    Assert.True(isLearned[i] || setup.OptimizerState.All(state => state[i] == 0), $"a moment of element {i} moved");
                }
            },
            iter: 40);

    [Fact]
    public void Moments_of_a_gradient_that_stays_zero_never_become_subnormal()
    {
        (var tensors, int length) = OptimizerSetup.Layout((ParameterKind.Weight, [1, 16]));
        foreach (OptimizerKind kind in Enum.GetValues<OptimizerKind>())
        {
            OptimizerSetup setup = new(new OptimizerSpec { Kind = kind }, tensors, length);
            setup.Fill(setup.Gradient, new Lcg(1).Next);
            setup.Step(1);
            setup.Gradient.AsSpan().Clear();
            for (int step = 2; step < 3000; step++)
            {
                setup.Step(step, OptimizerSetup.InOrder, inPlace: true);
                Assert.DoesNotContain(setup.OptimizerState, state => state.Any(float.IsSubnormal));
            }
        }
    }

    private static OptimizerSetup Start(OptimizerSpec spec, out Lcg random)
    {
        OptimizerSetup setup = new(spec, Model.Tensors, Model.Length);
        random = new Lcg(7);
        setup.Fill(setup.Parameters, random.Next);
        return setup;
    }

    private static OptimizerSetup Run(OptimizerSpec spec, int steps, Action<int, Action<int>> forEachBlock, bool inPlace)
    {
        OptimizerSetup setup = Start(spec, out Lcg random);
        for (int step = 1; step <= steps; step++)
        {
            setup.Fill(setup.Gradient, random.Next);
            setup.Step(step, forEachBlock, inPlace);
        }

        return setup;
    }

    private static void OnThreads(int count, int seed, Action<int> body)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        Parallel.ForEach(order, new ParallelOptions { MaxDegreeOfParallelism = 3 }, body);
    }

    private static void AssertSameBits(OptimizerSetup expected, OptimizerSetup actual)
    {
        Assert.Equal(expected.GradientNorm, actual.GradientNorm);
        AssertSameBits(expected.Parameters, actual.Parameters);
        foreach ((float[] first, float[] second) in expected.OptimizerState.Zip(actual.OptimizerState))
        {
            AssertSameBits(first, second);
        }
    }

    private static void AssertSameBits(float[] expected, float[] actual) =>
        Assert.True(MemoryMarshal.AsBytes(expected.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(actual.AsSpan())), "the bits differ");
}
