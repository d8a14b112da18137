using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

public class PyTorchAgreementTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (OptimizerFixtures.Case fixture in OptimizerFixtures.Instance.Cases)
            {
                data.Add(fixture.Name, fixture.Function);
            }

            return data;
        }
    }

    public static TheoryData<ScheduleKind, int> Schedules
    {
        get
        {
            TheoryData<ScheduleKind, int> data = [];
            foreach (OptimizerFixtures.Schedule fixture in OptimizerFixtures.Instance.Schedules)
            {
                data.Add(fixture.Kind, fixture.Rates.Length);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Trajectory_is_the_one_of_PyTorch(string name, string function)
    {
        OptimizerFixtures fixtures = OptimizerFixtures.Instance;
        OptimizerFixtures.Case fixture = fixtures.Cases.Single(c => c.Name == name && c.Function == function);
        (var tensors, int length) = OptimizerSetup.Layout(
            (ParameterKind.Weight, [2, 3]), (ParameterKind.Bias, [2]), (ParameterKind.Weight, [2, 2]), (ParameterKind.Bias, [2]));
        OptimizerSetup setup = new(fixture.Spec, tensors, length, fixture.Trajectory.Length);
        Set(setup, setup.Parameters, fixtures.Start);

        for (int step = 1; step <= fixture.Trajectory.Length; step++)
        {
            Set(setup, setup.Gradient, fixtures.Gradient(function, Get(setup)));
            setup.Step(step);
            double[] expected = fixture.Trajectory[step - 1];
            double[] actual = Get(setup);
            for (int i = 0; i < expected.Length; i++)
            {
                double error = Math.Abs(actual[i] - expected[i]) / (Math.Abs(expected[i]) + 0.05);
                Assert.True(error < 1e-5, $"step {step}, parameter {i}: {actual[i]} instead of {expected[i]}, relative error {error}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void Schedule_has_the_rates_of_PyTorch(ScheduleKind kind, int totalSteps)
    {
        OptimizerFixtures.Schedule fixture = OptimizerFixtures.Instance.Schedules.Single(s => s.Kind == kind && s.Rates.Length == totalSteps);
        LearningRateSchedule schedule = new(kind, fixture.Peak, totalSteps);
        for (int step = 1; step <= totalSteps; step++)
        {
            double expected = fixture.Rates[step - 1];
            Assert.True(Math.Abs(schedule.At(step) - expected) <= 1e-11 * expected, $"step {step}: {schedule.At(step)} instead of {expected}");
        }
    }

    private static double[] Get(OptimizerSetup setup) =>
        [.. setup.Tensors.SelectMany(tensor => setup.Parameters.Skip(tensor.Offset).Take(tensor.Length)).Select(x => (double)x)];

    private static void Set(OptimizerSetup setup, float[] buffer, double[] values)
    {
        int i = 0;
        setup.Fill(buffer, () => (float)values[i++]);
    }
}
