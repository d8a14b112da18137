using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class TrainingRunTests
{
    private static readonly ParticipantId A = new("a");
    private static readonly ParticipantId B = new("b");
    private static readonly ParticipantId C = new("c");

    private readonly RunSettings _settings = new()
    {
        TotalSteps = 4,
        EpochEnds = [2, 4],
        Trees = new(new(8, 512), new(2, 128)),
    };

    [Fact]
    public void Nothing_is_issued_before_there_are_enough_workers()
    {
        var driver = new TrainingRunDriver(_settings with { MinWorkers = 2 });
        Assert.DoesNotContain(driver.Feed(new ParticipantReady(A)), effect => effect is AssignShards);
        Assert.Equal(
            [new AssignShards(A, new(0, RoundKind.Gradient), new(0, 4)), new AssignShards(B, new(0, RoundKind.Gradient), new(4, 4))],
            driver.Feed(new ParticipantReady(B)).OfType<AssignShards>());
    }

    [Fact]
    public void A_whole_run_takes_its_steps_evaluates_each_epoch_and_ends()
    {
        var driver = new TrainingRunDriver(_settings, A);
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal([0L, 1, 2, 3], effects.OfType<TakeStep>().Select(take => take.Round.Step));
        Assert.Equal([1, 2], effects.OfType<ReportEpoch>().Select(report => report.Epoch));
        Assert.Equal([2L, 4], effects.OfType<WriteCheckpoint>().Select(write => write.Step));
        Assert.Equal(RunOutcome.Completed, driver.State.Outcome);
    }

    [Fact]
    public void A_run_that_is_to_stop_after_a_step_ends_there_with_a_checkpoint_as_if_interrupted()
    {
        var driver = new TrainingRunDriver(_settings with { StopAfter = 3 }, A);
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal([0L, 1, 2], effects.OfType<TakeStep>().Select(take => take.Round.Step));
        Assert.Equal(3, effects.OfType<WriteCheckpoint>().Last().Step);
        Assert.True(driver.State.Outcome!.Interrupted);
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_without_a_checkpoint()
    {
        var driver = new TrainingRunDriver(_settings, A) { Diagnosis = "step 1: the loss is not finite (NaN)" };
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal("step 1: the loss is not finite (NaN)", driver.State.Outcome!.Failure);
        Assert.Empty(effects.OfType<WriteCheckpoint>());
    }

    [Fact]
    public void Too_few_workers_pause_the_run_and_enough_continue_it()
    {
        var driver = new TrainingRunDriver(_settings with { MinWorkers = 2 }, A, B);
        RunEffect[] effects = driver.Feed(new ParticipantGone(B, LossCause.LinkClosed, "killed"));
        Assert.Contains(new RunPaused(1, 2), effects.OfType<Publish>().Select(p => p.Event with { At = default }));
        Assert.Empty(effects.OfType<AssignShards>());
        effects = driver.Feed(new ParticipantReady(C));
        Assert.Contains(new RunContinued(2), effects.OfType<Publish>().Select(p => p.Event with { At = default }));
        Assert.Equal(4, effects.OfType<AssignShards>().Sum(assign => assign.Shards.Count));
    }

    [Fact]
    public void A_pause_that_begins_in_a_step_s_last_moments_is_told_to_be_over_too()
    {
        var driver = new TrainingRunDriver(_settings with { MinWorkers = 2 }, A, B);
        driver.Answer(B);
        driver.Feed(new ParticipantGone(B, LossCause.LinkClosed, "killed"));
        driver.Answer(A);
        Assert.True(driver.State is { Paused: true, Round: null, Step: 1, HasStarted: true });
        Assert.Contains(new RunContinued(2), driver.Feed(new ParticipantReady(C)).OfType<Publish>().Select(p => p.Event with { At = default }));
    }

    [Fact]
    public void A_run_that_has_begun_with_more_workers_goes_on_with_fewer()
    {
        var driver = new TrainingRunDriver(_settings with { StartWorkers = 2 }, A);
        Assert.Null(driver.State.Round);
        driver.Feed(new ParticipantReady(B));
        Assert.Contains(driver.State.Round!.Assignments, holding => holding.Participant == A);
        driver.Feed(new ParticipantGone(A, LossCause.LinkClosed, "killed"));
        Assert.False(driver.State.Paused);
        Assert.All(driver.State.Round!.Assignments, holding => Assert.Equal(B, holding.Participant));
    }

    [Fact]
    public void Waiting_for_the_first_workers_is_no_pause()
    {
        var driver = new TrainingRunDriver(_settings with { MinWorkers = 2 }, A);
        Assert.False(driver.State.HasStarted);
        Assert.DoesNotContain(driver.Feed(new ParticipantReady(B)), effect => effect is Publish { Event: RunContinued });
        Assert.True(driver.State.HasStarted);
    }

    [Fact]
    public void A_pause_is_no_training_time_and_does_not_stretch_the_deadline()
    {
        var driver = new TrainingRunDriver(_settings, A);
        driver.Feed(new ParticipantGone(A, LossCause.LinkClosed, "killed"));
        driver.Pass(TimeSpan.FromHours(1));
        driver.Feed(new ParticipantReady(B));
        driver.AnswerStep();
        Assert.Equal(1, driver.State.Step);
        Assert.True(driver.State.TrainTime < TimeSpan.FromSeconds(1), $"{driver.State.TrainTime}");
        Assert.True(driver.State.StepTimes.Median < 1);
    }

    [Fact]
    public void A_stop_waits_for_the_step_in_flight_and_leaves_a_checkpoint()
    {
        var driver = new TrainingRunDriver(_settings, A);
        Assert.Empty(driver.Feed(new StopRequested()));
        RunEffect[] effects = driver.Answer(A);
        Assert.Contains(effects, effect => effect is TakeStep);
        Assert.Equal([1L], driver.Seen.OfType<WriteCheckpoint>().Select(write => write.Step));
        Assert.Equal(new RunOutcome(true, null), driver.State.Outcome);
    }

    [Fact]
    public void An_epoch_passes_without_a_checkpoint_where_writing_would_take_too_large_a_share()
    {
        var driver = new TrainingRunDriver(_settings with { TotalSteps = 6, EpochEnds = [1, 2, 3, 4, 5, 6], CheckpointShare = 0.02, CheckpointInterval = TimeSpan.FromSeconds(10) }, A);
        void StepAfter(double seconds)
        {
            driver.Pass(TimeSpan.FromSeconds(seconds));
            driver.AnswerStep();
            driver.Answer(A);
        }

        StepAfter(0.1);
        driver.Feed(new CheckpointMade(TimeSpan.FromSeconds(0.1)));
        StepAfter(2);
        StepAfter(2.9);
        StepAfter(0.2);
        driver.Feed(new CheckpointMade(TimeSpan.FromSeconds(1)));
        StepAfter(10);
        StepAfter(0.1);
        Assert.Equal([1L, 4, 5, 6], driver.Seen.OfType<WriteCheckpoint>().Select(write => write.Step));
    }

    [Fact]
    public void A_stop_during_an_evaluation_does_not_wait_for_it()
    {
        var driver = new TrainingRunDriver(_settings, A);
        driver.AnswerStep();
        driver.AnswerStep();
        Assert.Equal(RoundKind.Test, driver.State.Round!.Id.Kind);
        RunEffect[] effects = driver.Feed(new StopRequested());
        Assert.Contains(effects, effect => effect is AbandonRound);
        Assert.Equal(new RunOutcome(true, null), driver.State.Outcome);
    }

    [Fact]
    public void The_target_accuracy_ends_the_run_early()
    {
        var driver = new TrainingRunDriver(_settings with { TargetAccuracy = 0.9 }, A) { Accuracy = 0.95 };
        driver.AnswerEverything();
        Assert.Equal((2L, RunOutcome.Completed), (driver.State.Step, driver.State.Outcome));
    }

    [Fact]
    public void Evaluations_come_every_nth_epoch_and_at_the_end()
    {
        var driver = new TrainingRunDriver(_settings with { TotalSteps = 5, EpochEnds = [1, 2, 3, 4, 5], EvaluateEvery = 2 }, A);
        Assert.Equal([2, 4, 5], driver.AnswerEverything().OfType<ReportEpoch>().Select(report => report.Epoch));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Epochs_that_end_with_one_step_are_evaluated_once_as_the_later_one(int evaluateEvery)
    {
        var driver = new TrainingRunDriver(_settings with { TotalSteps = 4, EpochEnds = [2, 4, 4], EvaluateEvery = evaluateEvery }, A);
        ReportEpoch last = driver.AnswerEverything().OfType<ReportEpoch>().Last();
        Assert.Equal((3, 3, RunOutcome.Completed), (last.Epoch, driver.State.Epochs, driver.State.Outcome));
        Assert.Equal(3, new TrainingRun(_settings with { TotalSteps = 4, EpochEnds = [2, 4, 4] }).Begin(step: 4).Epochs);
    }

    [Fact]
    public void A_run_that_goes_on_begins_at_its_step()
    {
        var run = new TrainingRun(_settings);
        RunState state = run.Begin(step: 3);
        Assert.Equal((3L, 1), (state.Step, state.Epochs));
        (_, ImmutableArray<RunEffect> effects) = run.Decide(state, new ParticipantReady(A), TimeSpan.Zero);
        Assert.Equal(new RoundId(3, RoundKind.Gradient), effects.OfType<AssignShards>().Single().Round);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    public void A_run_that_goes_on_at_the_end_of_an_epoch_evaluates_it_first(int step, int epoch)
    {
        var run = new TrainingRun(_settings);
        (RunState state, ImmutableArray<RunEffect> effects) = run.Decide(run.Begin(step), new ParticipantReady(A), TimeSpan.Zero);
        Assert.Equal((epoch, new RoundId(step, RoundKind.Test)), (state.Epochs, effects.OfType<AssignShards>().Single().Round));
    }

    [Fact]
    public void A_run_that_goes_on_at_its_last_step_ends_after_the_evaluation()
    {
        var driver = new TrainingRunDriver(_settings, from: 4, A);
        driver.AnswerStep();
        Assert.Equal([2], driver.Seen.OfType<ReportEpoch>().Select(report => report.Epoch));
        Assert.Empty(driver.Seen.OfType<TakeStep>());
        Assert.Equal((4L, RunOutcome.Completed), (driver.State.Step, driver.State.Outcome));
    }
}
