using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class ParameterLayoutTests
{
    private static readonly ModelSpec Rich = new()
    {
        Inputs = 5,
        Outputs = 3,
        Hidden =
        [
            new() { Units = 7, BatchNorm = true, Activation = ActivationKind.Prelu },
            new() { Units = 18, Activation = ActivationKind.Relu },
            new() { Units = 4, BatchNorm = true, Activation = ActivationKind.Relu },
        ],
    };

    [Fact]
    public void The_notebooks_network_has_41_parameters()
    {
        var layout = ParameterLayout.For(new() { Inputs = 3, Outputs = 1, Hidden = [new() { Units = 4 }, new() { Units = 4 }] });
        Assert.Equal(41, layout.ParameterCount);
        Assert.Equal(32, layout.LearnedTensors.Where(view => view.IsWeight).Sum(view => view.Length));
        Assert.Equal(9, layout.LearnedTensors.Where(view => !view.IsWeight).Sum(view => view.Length));
    }

    [Fact]
    public void Tensors_stand_layer_by_layer_with_layers_of_a_kind_numbered_from_0()
    {
        string[] expected =
        [
            "dense0.weight [7,5]", "dense0.bias [7]", "batchnorm0.weight [7]", "batchnorm0.bias [7]", "batchnorm0.running_mean [7]",
            "batchnorm0.running_var [7]", "prelu0.weight [1]", "dense1.weight [18,7]", "dense1.bias [18]", "dense2.weight [4,18]",
            "dense2.bias [4]", "batchnorm1.weight [4]", "batchnorm1.bias [4]", "batchnorm1.running_mean [4]",
            "batchnorm1.running_var [4]", "dense3.weight [3,4]", "dense3.bias [3]",
        ];
        Assert.Equal(expected, ParameterLayout.For(Rich).Tensors.Select(view => $"{view.Name} [{string.Join(',', view.Shape)}]"));
    }

    [Fact]
    public void Tensors_are_aligned_do_not_overlap_and_learned_ones_come_first()
    {
        ParameterLayout layout = ParameterLayout.For(Rich);
        int end = 0;
        foreach (ParameterView view in layout.Tensors.OrderBy(view => view.Offset))
        {
            Assert.Equal(0, view.Offset % ParameterLayout.Alignment);
            Assert.InRange(view.Offset, end, end + ParameterLayout.Alignment - 1);
            Assert.Equal(view.IsLearned, view.Offset < layout.LearnedLength);
            end = view.Offset + view.Length;
        }

        Assert.InRange(layout.StateLength, end, end + ParameterLayout.Alignment - 1);
        Assert.Equal(layout.ParameterCount, layout.Tensors.Where(view => view.IsLearned).Sum(view => view.Length));
        Assert.Equal(layout.LearnedTensors, layout.Tensors.Where(view => view.IsLearned));
        Assert.Equal(layout.LearnedTensors, layout.LearnedTensors.OrderBy(view => view.Offset));
    }

    [Fact]
    public void The_metrics_follow_the_state_in_a_gradient_buffer()
    {
        ParameterLayout layout = ParameterLayout.For(Rich);
        Assert.Equal(layout.StateLength, layout.LossOffset);
        Assert.Equal(layout.StateLength + 1, layout.CorrectOffset);
        Assert.Equal(22, layout.ActiveCountsLength);
        Assert.True(layout.ActiveCountsOffset > layout.CorrectOffset);
        Assert.True(layout.GradientLength >= layout.ActiveCountsOffset + layout.ActiveCountsLength);
        Assert.Equal(0, layout.GradientLength % ParameterLayout.Alignment);
        Assert.Equal(2 + 9, layout.EvaluationLength);
    }

    [Fact]
    public void The_hash_is_that_of_the_tensors_as_little_endian_floats_without_padding()
    {
        ParameterLayout layout = ParameterLayout.For(new() { Inputs = 2, Outputs = 1 });
        float[] state = new float[layout.StateLength];
        layout.Tensors[0].Of(state.AsSpan())[0] = 1f;
        layout.Tensors[0].Of(state.AsSpan())[1] = -2.5f;
        layout.Tensors[1].Of(state.AsSpan())[0] = 0.1f;

        // printf '\x00\x00\x80\x3f\x00\x00\x20\xc0\xcd\xcc\xcc\x3d' | sha256sum
        string hash = layout.Sha256(state);
        Assert.Equal("2f9cc761bc2594fa578868daeedc59b0fc115513fae3e5dc09c4e86e50b8aaf6", hash);
        state[^1] = 7f;
        Assert.Equal(hash, layout.Sha256(state));
        state[0] = MathF.BitIncrement(1f);
        Assert.NotEqual(hash, layout.Sha256(state));
    }

    [Fact]
    public void The_hash_covers_the_running_statistics()
    {
        ParameterLayout layout = ParameterLayout.For(Rich);
        float[] state = new float[layout.StateLength];
        string hash = layout.Sha256(state);
        layout.Find(ParameterKind.RunningVariance, 2).Of(state.AsSpan())[3] = 1f;
        Assert.NotEqual(hash, layout.Sha256(state));
    }
}
