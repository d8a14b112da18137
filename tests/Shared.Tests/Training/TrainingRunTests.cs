using System.Collections.Immutable;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class TrainingRunTests
{
    private static readonly WorkerId A = new("a");
    private static readonly WorkerId B = new("b");
    private static readonly WorkerId C = new("c");

    private readonly RunSettings _settings = new()
    {
        TotalSteps = 4,
        EpochEnds = [2, 4],
        Minibatch = new(8, 512),
        Test = new(2, 128),
    };

    [Fact]
    public void Nothing_is_issued_before_there_are_enough_workers()
    {
        var driver = new Driver(_settings with { MinWorkers = 2 });
        Assert.DoesNotContain(driver.Feed(new WorkerReady(A)), effect => effect is IssueLeaves);
        Assert.Equal(
            [new IssueLeaves(A, new(0, RoundKind.Gradient), new(0, 4)), new IssueLeaves(B, new(0, RoundKind.Gradient), new(4, 4))],
            driver.Feed(new WorkerReady(B)).OfType<IssueLeaves>());
    }

    [Fact]
    public void A_whole_run_takes_its_steps_evaluates_each_epoch_and_ends()
    {
        var driver = new Driver(_settings, A);
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal([0L, 1, 2, 3], effects.OfType<TakeStep>().Select(take => take.Round.Step));
        Assert.Equal([1, 2], effects.OfType<ReportEpoch>().Select(report => report.Epoch));
        Assert.Equal([2L, 4], effects.OfType<WriteCheckpoint>().Select(write => write.Step));
        Assert.Equal(RunOutcome.Completed, driver.State.Outcome);
    }

    [Fact]
    public void A_run_that_is_to_stop_after_a_step_ends_there_with_a_checkpoint_as_if_interrupted()
    {
        var driver = new Driver(_settings with { StopAfter = 3 }, A);
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal([0L, 1, 2], effects.OfType<TakeStep>().Select(take => take.Round.Step));
        Assert.Equal(3, effects.OfType<WriteCheckpoint>().Last().Step);
        Assert.True(driver.State.Outcome!.Interrupted);
    }

    [Fact]
    public void A_step_whose_leaves_were_given_out_again_says_when_it_is_complete_and_others_do_not()
    {
        var driver = new Driver(_settings, A, B, C);
        driver.Feed(new WorkerGone(B, "link broken"));
        RunEvent[] events = [.. driver.AnswerEverything().OfType<Publish>().Select(publish => publish.Event)];
        LeavesRecovered recovered = Assert.Single(events.OfType<LeavesRecovered>());
        Assert.Equal((1, driver.State.ReissuedLeaves), (recovered.Step, recovered.Leaves));
        Assert.Equal(1, Assert.Single(events.OfType<FirstStepTaken>()).Step);
    }

    [Fact]
    public void The_leaves_of_a_lost_worker_go_to_the_others_at_once()
    {
        var driver = new Driver(_settings, A, B, C);
        RunEffect[] effects = driver.Feed(new WorkerGone(B, "link broken"));
        Assert.Equal(driver.Issued(B).Sum(range => range.Count), effects.OfType<IssueLeaves>().Sum(issue => issue.Leaves.Count));
        Assert.DoesNotContain(effects.OfType<IssueLeaves>(), issue => issue.Worker == B);
        Assert.True(driver.State.ReissuedLeaves > 0);
        Assert.Equal(1, driver.State.WorkersLost);
    }

    [Fact]
    public void A_late_worker_is_passed_over_and_its_late_result_is_dropped()
    {
        var driver = new Driver(_settings, A, B);
        driver.Answer(A);
        driver.Pass(_settings.Recovery.FirstDeadline);
        Assert.True(driver.State.Workers.Single(w => w.Id == B).Late);
        RunEffect[] effects = driver.Answer(A);
        Assert.Contains(effects, effect => effect is TakeStep);
        Assert.Contains(driver.Feed(new ResultArrived(B, new(0, RoundKind.Gradient), new(3))), effect => effect is DropResult);
        Assert.False(driver.State.Workers.Single(w => w.Id == B).Late);
    }

    [Fact]
    public void A_worker_without_others_keeps_its_leaves_for_long_and_is_then_asked_again()
    {
        var driver = new Driver(_settings, A);
        TimeSpan longest = _settings.Recovery.FirstDeadline * _settings.Recovery.LastResortFactor;
        Assert.Empty(driver.Pass(longest - TimeSpan.FromSeconds(1)).OfType<IssueLeaves>());
        Assert.Equal([new(0, 8)], driver.Pass(TimeSpan.FromSeconds(1)).OfType<IssueLeaves>().Select(issue => issue.Leaves));
        Assert.Contains(driver.Answer(A), effect => effect is TakeStep);
    }

    [Fact]
    public void The_leaves_of_a_straggler_are_issued_to_an_idle_worker_as_well_and_the_first_result_wins()
    {
        var driver = new Driver(_settings, A, B);
        driver.AnswerStep();
        driver.Answer(A);
        IssueLeaves second = driver.Pass(TimeSpan.FromMilliseconds(120)).OfType<IssueLeaves>().First();
        Assert.Equal((A, B), (second.Worker, driver.State.Round!.Holdings.First(h => h.Duplicated).Worker));
        Assert.False(driver.State.Workers.Single(w => w.Id == B).Late);
        Assert.Contains(driver.Answer(B), effect => effect is TakeStep);
        NodeId duplicate = _settings.Minibatch.NodesOf(second.Leaves)[0];
        Assert.Contains(driver.Feed(new ResultArrived(A, second.Round, duplicate)), effect => effect is DropResult);
    }

    [Fact]
    public void Ranges_follow_the_measured_speeds()
    {
        var driver = new Driver(_settings with { TotalSteps = 100, EpochEnds = [100] }, A, B);
        for (int step = 0; step < 6; step++)
        {
            AnswerStep(driver, TimeSpan.FromMilliseconds(20));
        }

        Assert.Equal([6, 2], [driver.Issued(A).Sum(r => r.Count), driver.Issued(B).Sum(r => r.Count)]);
    }

    [Fact]
    public void A_worker_that_was_slow_for_a_while_is_tried_again()
    {
        var driver = new Driver(_settings with { TotalSteps = 500, EpochEnds = [500] }, A, B);
        int steps = 0;
        while (driver.Issued(B).Length > 0 && steps++ < 20)
        {
            AnswerStep(driver, TimeSpan.FromMilliseconds(200));
        }

        Assert.Empty(driver.Issued(B));
        for (int step = 0; step < 2 * WorkerState.FirstPatience; step++)
        {
            AnswerStep(driver, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal([4, 4], [driver.Issued(A).Sum(r => r.Count), driver.Issued(B).Sum(r => r.Count)]);
    }

    [Fact]
    public void A_worker_that_waits_for_the_network_but_computes_as_fast_gets_as_many_leaves()
    {
        var driver = new Driver(_settings, A, B) { Computing = TimeSpan.FromMilliseconds(5) };
        for (int step = 0; step < 2; step++)
        {
            driver.Pass(TimeSpan.FromMilliseconds(10));
            driver.Answer(A);
            driver.Pass(TimeSpan.FromMilliseconds(20));
            driver.Answer(B);
            driver.AnswerEvaluations();
        }

        Assert.Equal([4, 4], [driver.Issued(A).Sum(r => r.Count), driver.Issued(B).Sum(r => r.Count)]);
    }

    [Fact]
    public void A_failed_leaf_goes_to_a_worker_that_has_not_failed_it()
    {
        var driver = new Driver(_settings, A, B);
        RunEffect[] effects = driver.Feed(new LeavesFailed(A, new(0, RoundKind.Gradient), new(0, 4), "out of memory"));
        Assert.Equal([0, 1, 2, 3], effects.OfType<IssueLeaves>().Where(issue => issue.Worker == B).Select(issue => issue.Leaves.Start));
    }

    [Fact]
    public void The_run_ends_with_the_error_when_every_worker_failed_the_same_leaf()
    {
        var driver = new Driver(_settings, A, B);
        driver.Feed(new LeavesFailed(A, new(0, RoundKind.Gradient), new(0, 4), "bad row"));
        driver.Feed(new LeavesFailed(B, new(0, RoundKind.Gradient), new(2, 1), "bad row"));
        Assert.Equal("every worker failed step 1, leaf 2: bad row", driver.State.Outcome!.Failure);
    }

    [Fact]
    public void A_worker_alone_may_try_a_failed_leaf_again_until_it_has_failed_three_times()
    {
        var driver = new Driver(_settings, A);
        for (int i = 0; i < 2; i++)
        {
            RunEffect[] effects = driver.Feed(new LeavesFailed(A, new(0, RoundKind.Gradient), new(2, 1), "bad row"));
            Assert.Contains(new IssueLeaves(A, new(0, RoundKind.Gradient), new(2, 1)), effects);
            Assert.Equal(8, driver.State.Round!.Holdings.Sum(h => _settings.Minibatch.LeavesOf(h.Node).Count));
        }

        driver.Feed(new LeavesFailed(A, new(0, RoundKind.Gradient), new(2, 1), "bad row"));
        Assert.Equal("every worker failed step 1, leaf 2: bad row", driver.State.Outcome!.Failure);
    }

    [Fact]
    public void A_worker_that_fails_again_and_again_is_refused()
    {
        var driver = new Driver(_settings, A, B);
        RunEffect[] last = [];
        for (int i = 0; i < 3; i++)
        {
            last = driver.Feed(new LeavesFailed(A, new(0, RoundKind.Gradient), driver.Issued(A).Last(), "out of memory"));
            driver.Answer(B);
            driver.AnswerEvaluations();
        }

        Assert.Contains("refused after 3 errors in a row: out of memory", last.OfType<Publish>().Select(p => p.Event).OfType<WorkerLost>().Select(e => e.Reason));
        Assert.Contains(new RefuseWorker(A, "refused after 3 errors in a row: out of memory"), last);
        Assert.DoesNotContain(driver.State.Workers, w => w.Id == A);
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_without_a_checkpoint()
    {
        var driver = new Driver(_settings, A) { Diagnosis = "step 1: the loss is not finite (NaN)" };
        List<RunEffect> effects = driver.AnswerEverything();
        Assert.Equal("step 1: the loss is not finite (NaN)", driver.State.Outcome!.Failure);
        Assert.Empty(effects.OfType<WriteCheckpoint>());
    }

    [Fact]
    public void Too_few_workers_pause_the_run_and_enough_continue_it()
    {
        var driver = new Driver(_settings with { MinWorkers = 2 }, A, B);
        RunEffect[] effects = driver.Feed(new WorkerGone(B, "killed"));
        Assert.Contains(new RunPaused(1, 2), effects.OfType<Publish>().Select(p => p.Event with { At = default }));
        Assert.Empty(effects.OfType<IssueLeaves>());
        effects = driver.Feed(new WorkerReady(C));
        Assert.Contains(new RunContinued(2), effects.OfType<Publish>().Select(p => p.Event with { At = default }));
        Assert.Equal(4, effects.OfType<IssueLeaves>().Sum(issue => issue.Leaves.Count));
    }

    [Fact]
    public void A_pause_that_begins_in_a_step_s_last_moments_is_told_to_be_over_too()
    {
        var driver = new Driver(_settings with { MinWorkers = 2 }, A, B);
        driver.Answer(B);
        driver.Feed(new WorkerGone(B, "killed"));
        driver.Answer(A);
        Assert.True(driver.State is { Paused: true, Round: null, Step: 1, Begun: true });
        Assert.Contains(new RunContinued(2), driver.Feed(new WorkerReady(C)).OfType<Publish>().Select(p => p.Event with { At = default }));
    }

    [Fact]
    public void A_run_that_has_begun_with_more_workers_goes_on_with_fewer()
    {
        var driver = new Driver(_settings with { StartWorkers = 2 }, A);
        Assert.Null(driver.State.Round);
        driver.Feed(new WorkerReady(B));
        Assert.Contains(driver.State.Round!.Holdings, holding => holding.Worker == A);
        driver.Feed(new WorkerGone(A, "killed"));
        Assert.False(driver.State.Paused);
        Assert.All(driver.State.Round!.Holdings, holding => Assert.Equal(B, holding.Worker));
    }

    [Fact]
    public void Waiting_for_the_first_workers_is_no_pause()
    {
        var driver = new Driver(_settings with { MinWorkers = 2 }, A);
        Assert.False(driver.State.Begun);
        Assert.DoesNotContain(driver.Feed(new WorkerReady(B)), effect => effect is Publish { Event: RunContinued });
        Assert.True(driver.State.Begun);
    }

    [Fact]
    public void A_straggler_is_not_doubled_while_the_run_is_paused()
    {
        var driver = new Driver(_settings with { MinWorkers = 3 }, A, B, C);
        driver.AnswerStep();
        driver.Answer(A);
        driver.Feed(new WorkerGone(C, "killed"));
        Assert.True(driver.State.Paused);
        Assert.Empty(driver.Pass(TimeSpan.FromMilliseconds(120)).OfType<IssueLeaves>());
    }

    [Fact]
    public void A_pause_is_no_training_time_and_does_not_stretch_the_deadline()
    {
        var driver = new Driver(_settings, A);
        driver.Feed(new WorkerGone(A, "killed"));
        driver.Pass(TimeSpan.FromHours(1));
        driver.Feed(new WorkerReady(B));
        driver.AnswerStep();
        Assert.Equal(1, driver.State.Step);
        Assert.True(driver.State.TrainTime < TimeSpan.FromSeconds(1), $"{driver.State.TrainTime}");
        Assert.True(driver.State.StepTimes.Median < 1);
    }

    [Fact]
    public void One_bad_round_does_not_stretch_the_deadline_beyond_the_next() =>
        Assert.Equal(0.01, RoundTimes.None.With(60).With(0.01).Median);

    [Fact]
    public void A_stop_waits_for_the_step_in_flight_and_leaves_a_checkpoint()
    {
        var driver = new Driver(_settings, A);
        Assert.Empty(driver.Feed(new StopRequested()));
        RunEffect[] effects = driver.Answer(A);
        Assert.Contains(effects, effect => effect is TakeStep);
        Assert.Equal([1L], driver.Seen.OfType<WriteCheckpoint>().Select(write => write.Step));
        Assert.Equal(new RunOutcome(true, null), driver.State.Outcome);
    }

    [Fact]
    public void An_epoch_passes_without_a_checkpoint_where_writing_would_take_too_large_a_share()
    {
        var driver = new Driver(_settings with { TotalSteps = 6, EpochEnds = [1, 2, 3, 4, 5, 6], CheckpointShare = 0.02, CheckpointInterval = TimeSpan.FromSeconds(10) }, A);
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
        var driver = new Driver(_settings, A);
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
        var driver = new Driver(_settings with { TargetAccuracy = 0.9 }, A) { Accuracy = 0.95 };
        driver.AnswerEverything();
        Assert.Equal((2L, RunOutcome.Completed), (driver.State.Step, driver.State.Outcome));
    }

    [Fact]
    public void Evaluations_come_every_nth_epoch_and_at_the_end()
    {
        var driver = new Driver(_settings with { TotalSteps = 5, EpochEnds = [1, 2, 3, 4, 5], EvaluateEvery = 2 }, A);
        Assert.Equal([2, 4, 5], driver.AnswerEverything().OfType<ReportEpoch>().Select(report => report.Epoch));
    }

    [Fact]
    public void A_run_that_goes_on_begins_at_its_step()
    {
        var run = new TrainingRun(_settings);
        RunState state = run.Begin(step: 3);
        Assert.Equal((3L, 1), (state.Step, state.Epochs));
        (_, ImmutableArray<RunEffect> effects) = run.Decide(state, new WorkerReady(A), TimeSpan.Zero);
        Assert.Equal(new RoundId(3, RoundKind.Gradient), effects.OfType<IssueLeaves>().Single().Round);
    }

    // A answers after 11 ms for four leaves, B that much later.
    private static void AnswerStep(Driver driver, TimeSpan later)
    {
        RoundId round = driver.State.Round!.Id;
        driver.Wait(TimeSpan.FromMilliseconds(2.5 * driver.Issued(A).Sum(r => r.Count)));
        driver.Answer(A);
        if (driver.State.Round!.Id == round)
        {
            driver.Wait(later);
            driver.Answer(B);
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    public void A_run_that_goes_on_at_the_end_of_an_epoch_evaluates_it_first(int step, int epoch)
    {
        var run = new TrainingRun(_settings);
        (RunState state, ImmutableArray<RunEffect> effects) = run.Decide(run.Begin(step), new WorkerReady(A), TimeSpan.Zero);
        Assert.Equal((epoch, new RoundId(step, RoundKind.Test)), (state.Epochs, effects.OfType<IssueLeaves>().Single().Round));
    }

    [Fact]
    public void A_run_that_goes_on_at_its_last_step_ends_after_the_evaluation()
    {
        var driver = new Driver(_settings, from: 4, A);
        driver.AnswerStep();
        Assert.Equal([2], driver.Seen.OfType<ReportEpoch>().Select(report => report.Epoch));
        Assert.Empty(driver.Seen.OfType<TakeStep>());
        Assert.Equal((4L, RunOutcome.Completed), (driver.State.Step, driver.State.Outcome));
    }

    /// <summary>Feeds a run by hand and answers for the workers.</summary>
    private sealed class Driver
    {
        private readonly RunSettings _settings;
        private readonly TrainingRun _run;
        private TimeSpan _now;

        public Driver(RunSettings settings, params ReadOnlySpan<WorkerId> workers)
            : this(settings, 0, workers)
        {
        }

        public Driver(RunSettings settings, long from, params ReadOnlySpan<WorkerId> workers)
        {
            _settings = settings;
            _run = new(settings);
            State = _run.Begin(from);
            foreach (WorkerId worker in workers)
            {
                // All are there before the first leaf is issued.
                State = State with { Workers = State.Workers.Add(new() { Id = worker }) };
            }

            if (workers.Length > 0)
            {
                Feed(Tick.Now);
            }
        }

        public RunState State { get; private set; }

        public List<RunEffect> Seen { get; } = [];

        public string? Diagnosis { get; init; }

        public double Accuracy { get; init; } = 0.5;

        public TimeSpan? Computing { get; init; }

        public RunEffect[] Feed(RunInput input)
        {
            List<RunEffect> seen = [];
            Queue<RunInput> inputs = new([input]);
            while (inputs.TryDequeue(out RunInput? next))
            {
                (State, var effects) = _run.Decide(State, next, _now);
                seen.AddRange(effects);
                foreach (RunEffect effect in effects)
                {
                    if (effect is TakeStep take)
                    {
                        inputs.Enqueue(new StepTaken(Diagnosis is null ? take.Round.Step + 1 : take.Round.Step, Diagnosis));
                    }
                    else if (effect is TakeEvaluation evaluation)
                    {
                        inputs.Enqueue(new EvaluationTaken(evaluation.Round, new(1, Accuracy, 10)));
                    }
                }
            }

            Seen.AddRange(seen);
            return [.. seen];
        }

        public RunEffect[] Pass(TimeSpan time)
        {
            _now += time;
            return Feed(Tick.Now);
        }

        /// <summary>Time passes unnoticed.</summary>
        public void Wait(TimeSpan time) => _now += time;

        /// <summary>What the worker was asked for in the round in flight.</summary>
        public LeafRange[] Issued(WorkerId worker)
        {
            RoundId round = Seen.OfType<IssueLeaves>().Last().Round;
            return [.. Seen.OfType<IssueLeaves>().Where(issue => issue.Worker == worker && issue.Round == round).Select(issue => issue.Leaves)];
        }

        /// <summary>Delivers everything the worker was asked for in the round in flight.</summary>
        public RunEffect[] Answer(WorkerId worker)
        {
            RoundId round = Seen.OfType<IssueLeaves>().Last().Round;
            _now += TimeSpan.FromMilliseconds(1);
            return [.. Issued(worker)
                .SelectMany(leaves => _settings.TreeOf(round.Kind).NodesOf(leaves))
                .SelectMany(node => Feed(new ResultArrived(worker, round, node, Computing)))];
        }

        public void AnswerStep()
        {
            RoundId round = State.Round!.Id;
            while (State.Round is { } now && now.Id == round)
            {
                Answer(now.Holdings[0].Worker);
            }
        }

        public void AnswerEvaluations()
        {
            while (State.Round is { Id.Kind: not RoundKind.Gradient })
            {
                AnswerStep();
            }
        }

        public List<RunEffect> AnswerEverything()
        {
            while (State.Outcome is null)
            {
                AnswerStep();
            }

            return Seen;
        }
    }
}
