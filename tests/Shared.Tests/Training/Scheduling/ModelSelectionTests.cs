using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>Early stopping and the best state, as the state machine decides them.</summary>
public sealed class ModelSelectionTests
{
    private static readonly ParticipantId A = new("a");
    private static readonly double[] Losses = [0.5, 0.4, 0.4, 0.6, 0.3, 0.7];

    private readonly RunSettings _settings = new()
    {
        TotalSteps = 12,
        EpochEnds = [2, 4, 6, 8, 10, 12],
        Trees = new(new(8, 512), new(2, 128), new(2, 64)),
        Selection = new() { KeepBest = true, EvaluateEvery = 1 },
    };

    [Fact]
    public void The_state_of_the_least_validation_loss_is_kept_the_earlier_one_of_equals()
    {
        var driver = Driver(_settings);
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal([2L, 4, 10], effects.OfType<KeepModelState>().Select(keep => keep.Step));
        Assert.Equal((5, 10L, 0.3), (driver.State.Selection.Best!.Epoch, driver.State.Selection.Best.Step, driver.State.Selection.Best.Validation.Loss));
        Assert.Equal(12, driver.State.Step);
    }

    [Fact]
    public void Without_improvement_for_the_patience_the_run_is_complete_and_says_which_state_was_best()
    {
        var driver = Driver(_settings with { Selection = _settings.Selection! with { Patience = 2 } });
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal(RunOutcome.Completed, driver.State.Outcome);
        Assert.Equal(8, driver.State.Step);
        StoppedEarly stopped = Assert.Single(effects.OfType<Publish>().Select(publish => publish.Event).OfType<StoppedEarly>());
        Assert.Equal(new StoppedEarly(4, 8, 2, 4), stopped with { At = default });
        Assert.Equal(8, effects.OfType<WriteCheckpoint>().Last().Step);
        Assert.Equal(4, effects.OfType<ReportEpoch>().Last().Epoch);
    }

    [Fact]
    public void Without_keep_best_no_state_is_kept()
    {
        var driver = Driver(_settings with { Selection = new() { KeepBest = false, Patience = 2, EvaluateEvery = 1 } });
        Assert.Empty(driver.AnswerEverything().OfType<KeepModelState>());
        Assert.Equal(8, driver.State.Step);
    }

    [Fact]
    public void A_run_that_resumes_from_any_checkpoint_selects_the_same_state_after_the_same_step()
    {
        RunSettings settings = _settings with { CheckpointEvery = 1, Selection = _settings.Selection! with { Patience = 2 } };
        var undisturbed = Driver(settings);
        WriteCheckpoint[] checkpoints = [.. undisturbed.AnswerEverything().OfType<WriteCheckpoint>()];
        Assert.Equal(Enumerable.Range(1, 8).Select(step => (long)step), checkpoints.Select(write => write.Step).Distinct());
        foreach (WriteCheckpoint write in checkpoints)
        {
            var resumed = Driver(settings, write.Step, write.Selection);
            resumed.AnswerEverything();
            Assert.Equal(undisturbed.State.Selection, resumed.State.Selection);
            Assert.Equal((8L, RunOutcome.Completed), (resumed.State.Step, resumed.State.Outcome));
        }
    }

    [Fact]
    public void An_evaluation_that_a_resumed_run_repeats_is_counted_once()
    {
        SelectionState selection = SelectionState.None.After(At(1, 2, 0.5)).After(At(2, 4, 0.6));
        Assert.Equal(selection, selection.After(At(2, 4, 0.6)));
        Assert.Equal((1, 4L), (selection.Later, selection.Step));
    }

    [Fact]
    public void A_loss_that_is_not_a_number_is_never_better_and_any_number_is_better_than_it()
    {
        SelectionState selection = SelectionState.None.After(At(1, 2, double.NaN));
        Assert.Equal(1, selection.After(At(2, 4, double.NaN)).Best!.Epoch);
        Assert.Equal(2, selection.After(At(2, 4, 9)).Best!.Epoch);
        Assert.Equal(2, selection.After(At(2, 4, 9)).After(At(3, 6, double.NaN)).Best!.Epoch);
    }

    [Theory]
    [InlineData(null, null, true, true, null)]
    [InlineData(null, null, false, null, null)]
    [InlineData(false, null, true, null, null)]
    [InlineData(false, 3, true, false, 3)]
    [InlineData(null, 3, true, true, 3)]
    public void The_best_state_is_the_default_where_there_are_validation_rows(
        bool? keep, int? patience, bool hasValidationRows, bool? keepsBest, int? expectedPatience)
    {
        ModelSelection? selection = ModelSelection.For(keep, patience, 1, hasValidationRows);
        Assert.Equal((keepsBest, expectedPatience), (selection?.KeepBest, selection?.Patience));
    }

    [Fact]
    public void Without_validation_rows_nothing_can_be_selected()
    {
        BadInputException error = Assert.Throws<BadInputException>(() => ModelSelection.For(null, 3, 1, false));
        Assert.StartsWith("Patience needs validation rows", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<BadInputException>(() => ModelSelection.For(true, null, 1, false));
        Assert.StartsWith("KeepBest: the best state needs validation rows", error.Message, StringComparison.Ordinal);
    }

    private static BestEvaluation At(int epoch, long step, double loss) => new(epoch, step, new(1, 0.5, 10), new(loss, 0.5, 10));

    private static TrainingRunDriver Driver(RunSettings settings, long from = 0, SelectionState? selection = null) =>
        new(settings, from, selection, A) { Loss = step => Losses[(step / 2) - 1] };
}
