using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

public class OptimizerConvergenceTests
{
    private const int Steps = 20_000;

    public static TheoryData<OptimizerKind, double> Optimizers => new()
    {
        { OptimizerKind.Adam, 0.02 },
        { OptimizerKind.AdamW, 0.02 },
        { OptimizerKind.Sgd, 0.0016 },
        { OptimizerKind.Momentum, 0.0005 },
        { OptimizerKind.Nesterov, 0.0005 },
        { OptimizerKind.RmsProp, 0.01 },
        { OptimizerKind.AdaGrad, 0.5 },
    };

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Optimizer_reaches_the_minimum_of_a_parabola(OptimizerKind kind, double learningRate) =>
        AssertConverges(kind, learningRate, TestFunctions.ParabolaGradient);

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Optimizer_reaches_the_minimum_of_the_Rosenbrock_valley(OptimizerKind kind, double learningRate) =>
        AssertConverges(kind, learningRate, x => TestFunctions.RosenbrockGradient(x, 100));

    // The cosine schedule removes the noise of a constant step size in RMSProp and Adam. AdamW has no decay here, since its
    // decay moves the minimum.
    private static void AssertConverges(OptimizerKind kind, double learningRate, Func<double[], double[]> gradientOf)
    {
        (var tensors, int length) = OptimizerSetup.Layout((ParameterKind.Weight, [1, 2]));
        OptimizerSpec spec = new()
        {
            Kind = kind,
            LearningRate = learningRate,
            Schedule = ScheduleKind.Cosine,
            WeightDecay = kind == OptimizerKind.AdamW ? 0 : null,
        };
        OptimizerSetup setup = new(spec, tensors, length, Steps);
        (setup.Parameters[0], setup.Parameters[1]) = (-1f, 0.5f);
        for (int step = 1; step <= Steps; step++)
        {
            double[] gradient = gradientOf([setup.Parameters[0], setup.Parameters[1]]);
            (setup.Gradient[0], setup.Gradient[1]) = ((float)gradient[0], (float)gradient[1]);
            setup.Step(step, OptimizerSetup.InOrder, inPlace: true);
        }

        Assert.Equal(1, setup.Parameters[0], 0.01);
        Assert.Equal(1, setup.Parameters[1], 0.01);
    }
}
