using System.Text.Json;
using System.Text.Json.Serialization;
using NnCluster.Memory;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

public class OptimizerSpecTests
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static TheoryData<OptimizerSpec, string> Wrong => new()
    {
        { new() { LearningRate = 0 }, "LearningRate 0 is out of range" },
        { new() { LearningRate = double.NaN }, "LearningRate NaN" },
        { new() { LearningRate = 1e-60 }, "LearningRate 1E-60" },
        { new() { Beta1 = 1 }, "Beta1 1 is out of range: it must be at least 0 and below 1" },
        { new() { Beta2 = -0.1 }, "Beta2 -0.1" },
        { new() { Epsilon = 0 }, "Epsilon 0" },
        { new() { L1 = -1 }, "L1 -1" },
        { new() { L2 = double.PositiveInfinity }, "L2" },
        { new() { ClipNorm = 0 }, "ClipNorm 0" },
        { new() { MaxNorm = -3 }, "MaxNorm -3" },
        { new() { WeightDecay = 0.1 }, "WeightDecay 0.1 has no meaning with Kind adam: use Kind adamw, or L2" },
        { new() { Kind = OptimizerKind.Sgd, Momentum = 0.9 }, "Momentum 0.9 has no meaning with Kind sgd" },
        { new() { Kind = OptimizerKind.Momentum, Momentum = 1 }, "Momentum 1 is out of range" },
        { new() { Kind = OptimizerKind.Nesterov, Beta1 = 0.9 }, "Beta1 0.9 has no meaning with Kind nesterov" },
        { new() { Kind = OptimizerKind.RmsProp, Beta2 = 0.9 }, "Beta2 0.9 has no meaning with Kind rmsprop" },
        { new() { Kind = OptimizerKind.AdaGrad, Rho = 0.9 }, "Rho 0.9 has no meaning with Kind adagrad" },
        { new() { Kind = OptimizerKind.Sgd, Epsilon = 1e-8 }, "Epsilon 1E-08 has no meaning with Kind sgd" },
        { new() { Kind = (OptimizerKind)99 }, "Kind 99 is not known" },
        { new() { Schedule = (ScheduleKind)99 }, "Schedule 99 is not known" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Validate_says_what_is_wrong_in_one_line(OptimizerSpec spec, string message)
    {
        BadInputException error = Assert.Throws<BadInputException>(spec.Validate);
        Assert.StartsWith(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(new PropertyName(nameof(OptimizerSpec), message.Split(' ')[0]), error.Property);
    }

    [Fact]
    public void Resolve_writes_out_the_defaults_of_its_kind_only()
    {
        OptimizerSpec adam = new OptimizerSpec().Resolve();
        Assert.Equal(new OptimizerSpec { LearningRate = 0.001, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8 }, adam);
        OptimizerSpec adaGrad = new OptimizerSpec { Kind = OptimizerKind.AdaGrad }.Resolve();
        Assert.Equal(new OptimizerSpec { Kind = OptimizerKind.AdaGrad, LearningRate = 0.01, Epsilon = 1e-10 }, adaGrad);
    }

    [Fact]
    public void Resolve_keeps_what_was_given_and_is_idempotent()
    {
        foreach (OptimizerKind kind in Enum.GetValues<OptimizerKind>())
        {
            OptimizerSpec once = new OptimizerSpec { Kind = kind, LearningRate = 0.25, L2 = 0.1 }.Resolve();
            Assert.Equal(0.25, once.LearningRate);
            Assert.Equal(0.1, once.L2);
            Assert.Equal(once, once.Resolve());
        }
    }

    [Fact]
    public void Json_uses_the_names_of_the_command_line()
    {
        OptimizerSpec spec = new()
        {
            Kind = OptimizerKind.AdamW,
            LearningRate = 0.002,
            Schedule = ScheduleKind.OneCycle,
            WeightDecay = 0.05,
        };
        string json = JsonSerializer.Serialize(spec, Json);
        Assert.Equal("""{"kind":"adamw","learningRate":0.002,"schedule":"one-cycle","weightDecay":0.05,"l1":0,"l2":0}""", json);
        Assert.Equal(spec, JsonSerializer.Deserialize<OptimizerSpec>(json, Json));
    }
}
