using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class TrainingStateTests : IDisposable
{
    private static readonly ModelSpec Model = new() { Inputs = 3, Outputs = 2, Hidden = [new() { Units = 4, BatchNorm = true }] };

    private readonly ParameterLayout _layout = ParameterLayout.For(Model);
    private readonly BufferPool _parameters;
    private readonly BufferPool _gradients;
    private readonly ThreadTeam _team = new(2);

    public TrainingStateTests() => (_parameters, _gradients) = (new(_layout.StateLength), new(_layout.GradientLength));

    [Fact]
    public void A_step_that_would_overflow_is_not_taken_and_says_where()
    {
        using TrainingState state = State(new OptimizerSpec { Kind = OptimizerKind.Sgd, LearningRate = 1e30 });
        float[] before = state.ModelState.Span.ToArray();
        StepReport report = Take(state, sum => sum[_layout.Tensors[0].Offset] = 1e20f);
        Assert.StartsWith($"step 1: the step would make {_layout.Tensors[0].Name} not finite", report.Diagnosis, StringComparison.Ordinal);
        Assert.Equal(before, state.ModelState.Span.ToArray());
        Assert.Equal(0, state.Step);
    }

    [Fact]
    public void Running_statistics_that_are_not_finite_stop_the_step()
    {
        using TrainingState state = State(new OptimizerSpec());
        ParameterView variance = _layout.Tensors.First(tensor => tensor.Kind == ParameterKind.RunningVariance);
        StepReport report = Take(state, sum => sum[variance.Offset] = float.PositiveInfinity);
        Assert.StartsWith($"step 1: the step would make {variance.Name} not finite", report.Diagnosis, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_is_named()
    {
        using TrainingState state = State(new OptimizerSpec());
        Assert.StartsWith(
            $"step 1: the gradient of {_layout.Tensors[0].Name} is not finite",
            Take(state, sum => sum[_layout.Tensors[0].Offset] = float.NaN).Diagnosis,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Dead_units_are_told_only_where_they_were_counted_from_the_start()
    {
        using TrainingState state = State(new OptimizerSpec());
        Take(state, sum => sum.Slice(_layout.ActiveCountsOffset, 2).Fill(1));
        Assert.Null(state.DeadUnitsSince(0));

        state.CountActiveUnits();
        Assert.Null(state.DeadUnitsSince(1));
        Take(state, sum => sum[_layout.ActiveCountsOffset] = 1);
        Assert.Equal(0.75f, state.DeadUnitsSince(1));
        Take(state, sum => sum[_layout.ActiveCountsOffset + 3] = 1);
        Assert.Equal(0.5f, state.DeadUnitsSince(1));
        Assert.Null(state.DeadUnitsSince(0));
    }

    public void Dispose()
    {
        _team.Dispose();
        _parameters.Dispose();
        _gradients.Dispose();
    }

    private TrainingState State(OptimizerSpec optimizer)
    {
        RefCountedBuffer initial = _parameters.Rent();
        initial.Span.Fill(0.5f);
        return new(_layout, new ReductionTree(1, 8), Optimizer.For(optimizer.Resolve(), _layout, 10), _parameters, _team, initial);
    }

    private delegate void Fill(Span<float> sum);

    private StepReport Take(TrainingState state, Fill fill)
    {
        RefCountedBuffer sum = _gradients.Rent();
        sum.Span.Clear();
        fill(sum.Span);
        var tree = new SubtreeSums(1);
        tree.Put(SubtreeId.Root, sum);
        StepReport report = state.TakeStep(tree);
        tree.Clear();
        return report;
    }
}
