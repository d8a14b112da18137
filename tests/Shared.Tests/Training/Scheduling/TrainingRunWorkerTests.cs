using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>Assignment of shards to workers, and reassignment after a loss, an error, a timeout or a slow worker.</summary>
public sealed class TrainingRunWorkerTests
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
    public void A_step_whose_shards_were_given_out_again_says_when_it_is_complete_and_others_do_not()
    {
        var driver = new TrainingRunDriver(_settings, A, B, C);
        driver.Feed(new ParticipantGone(B, LossCause.LinkClosed, "link broken"));
        RunEvent[] events = [.. driver.AnswerEverything().OfType<Publish>().Select(publish => publish.Event)];
        ShardsRecovered recovered = Assert.Single(events.OfType<ShardsRecovered>());
        Assert.Equal((1, driver.State.ReassignedShards), (recovered.Step, recovered.Shards));
        Assert.Equal(1, Assert.Single(events.OfType<FirstStepTaken>()).Step);
    }

    [Fact]
    public void The_shards_of_a_lost_worker_go_to_the_others_at_once()
    {
        var driver = new TrainingRunDriver(_settings, A, B, C);
        RunEffect[] effects = driver.Feed(new ParticipantGone(B, LossCause.LinkClosed, "link broken"));
        Assert.Equal(driver.Assigned(B).Sum(range => range.Count), effects.OfType<AssignShards>().Sum(assign => assign.Shards.Count));
        Assert.DoesNotContain(effects.OfType<AssignShards>(), assign => assign.Participant == B);
        Assert.True(driver.State.ReassignedShards > 0);
        Assert.Equal(1, driver.State.WorkersLost);
    }

    [Fact]
    public void A_late_worker_is_passed_over_and_its_late_result_is_dropped()
    {
        var driver = new TrainingRunDriver(_settings, A, B);
        driver.Answer(A);
        driver.Pass(_settings.Recovery.FirstDeadline);
        Assert.True(driver.State.Participants.Single(w => w.Id == B).TimedOut);
        RunEffect[] effects = driver.Answer(A);
        Assert.Contains(effects, effect => effect is TakeStep);
        Assert.Contains(driver.Feed(new ResultArrived(B, new(0, RoundKind.Gradient), new(3))), effect => effect is DropResult);
        Assert.False(driver.State.Participants.Single(w => w.Id == B).TimedOut);
    }

    [Fact]
    public void A_worker_without_others_keeps_its_shards_for_long_and_is_then_asked_again()
    {
        var driver = new TrainingRunDriver(_settings, A);
        TimeSpan longest = _settings.Recovery.FirstDeadline * _settings.Recovery.LastResortFactor;
        Assert.Empty(driver.Pass(longest - TimeSpan.FromSeconds(1)).OfType<AssignShards>());
        Assert.Equal([new(0, 8)], driver.Pass(TimeSpan.FromSeconds(1)).OfType<AssignShards>().Select(assign => assign.Shards));
        Assert.Contains(driver.Answer(A), effect => effect is TakeStep);
    }

    [Fact]
    public void The_shards_of_a_straggler_are_issued_to_an_idle_worker_as_well_and_the_first_result_wins()
    {
        var driver = new TrainingRunDriver(_settings, A, B);
        driver.AnswerStep();
        driver.Answer(A);
        AssignShards second = driver.Pass(TimeSpan.FromMilliseconds(120)).OfType<AssignShards>().First();
        Assert.Equal((A, B), (second.Participant, driver.State.Round!.Assignments.First(h => h.HasCopy).Participant));
        Assert.False(driver.State.Participants.Single(w => w.Id == B).TimedOut);
        Assert.Contains(driver.Answer(B), effect => effect is TakeStep);
        SubtreeId duplicate = _settings.Trees.Minibatch.SubtreesOf(second.Shards)[0];
        Assert.Contains(driver.Feed(new ResultArrived(A, second.Round, duplicate)), effect => effect is DropResult);
    }

    [Fact]
    public void Ranges_follow_the_measured_speeds()
    {
        var driver = new TrainingRunDriver(_settings with { TotalSteps = 100, EpochEnds = [100] }, A, B);
        for (int step = 0; step < 6; step++)
        {
            AnswerStep(driver, TimeSpan.FromMilliseconds(20));
        }

        Assert.Equal([6, 2], [driver.Assigned(A).Sum(r => r.Count), driver.Assigned(B).Sum(r => r.Count)]);
    }

    [Fact]
    public void A_worker_that_was_slow_for_a_while_is_tried_again()
    {
        var driver = new TrainingRunDriver(_settings with { TotalSteps = 500, EpochEnds = [500] }, A, B);
        int steps = 0;
        while (driver.Assigned(B).Length > 0 && steps++ < 20)
        {
            AnswerStep(driver, TimeSpan.FromMilliseconds(200));
        }

        Assert.Empty(driver.Assigned(B));
        for (int step = 0; step < 2 * Participant.FirstIdleRoundLimit; step++)
        {
            AnswerStep(driver, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal([4, 4], [driver.Assigned(A).Sum(r => r.Count), driver.Assigned(B).Sum(r => r.Count)]);
    }

    [Fact]
    public void A_worker_that_waits_for_the_network_but_computes_as_fast_gets_as_many_shards()
    {
        var driver = new TrainingRunDriver(_settings, A, B) { ComputeTime = TimeSpan.FromMilliseconds(5) };
        for (int step = 0; step < 2; step++)
        {
            driver.Pass(TimeSpan.FromMilliseconds(10));
            driver.Answer(A);
            driver.Pass(TimeSpan.FromMilliseconds(20));
            driver.Answer(B);
            driver.AnswerEvaluations();
        }

        Assert.Equal([4, 4], [driver.Assigned(A).Sum(r => r.Count), driver.Assigned(B).Sum(r => r.Count)]);
    }

    [Fact]
    public void A_failed_shard_goes_to_a_worker_that_has_not_failed_it()
    {
        var driver = new TrainingRunDriver(_settings, A, B);
        RunEffect[] effects = driver.Feed(new AssignmentFailed(A, new(0, RoundKind.Gradient), new(0, 4), "out of memory"));
        Assert.Equal([0, 1, 2, 3], effects.OfType<AssignShards>().Where(assign => assign.Participant == B).Select(assign => assign.Shards.Start));
    }

    [Fact]
    public void The_run_ends_with_the_error_when_every_worker_failed_the_same_shard()
    {
        var driver = new TrainingRunDriver(_settings, A, B);
        driver.Feed(new AssignmentFailed(A, new(0, RoundKind.Gradient), new(0, 4), "bad row"));
        driver.Feed(new AssignmentFailed(B, new(0, RoundKind.Gradient), new(2, 1), "bad row"));
        Assert.Equal("every worker failed step 1, shard 2: bad row", driver.State.Outcome!.Failure);
    }

    [Fact]
    public void A_worker_alone_may_try_a_failed_shard_again_until_it_has_failed_three_times()
    {
        var driver = new TrainingRunDriver(_settings, A);
        for (int i = 0; i < 2; i++)
        {
            RunEffect[] effects = driver.Feed(new AssignmentFailed(A, new(0, RoundKind.Gradient), new(2, 1), "bad row"));
            Assert.Contains(new AssignShards(A, new(0, RoundKind.Gradient), new(2, 1)), effects);
            Assert.Equal(8, driver.State.Round!.Assignments.Sum(h => _settings.Trees.Minibatch.ShardsOf(h.Subtree).Count));
        }

        driver.Feed(new AssignmentFailed(A, new(0, RoundKind.Gradient), new(2, 1), "bad row"));
        Assert.Equal("every worker failed step 1, shard 2: bad row", driver.State.Outcome!.Failure);
    }

    [Fact]
    public void A_worker_that_fails_again_and_again_is_refused()
    {
        var driver = new TrainingRunDriver(_settings, A, B);
        RunEffect[] last = [];
        for (int i = 0; i < 3; i++)
        {
            last = driver.Feed(new AssignmentFailed(A, new(0, RoundKind.Gradient), driver.Assigned(A).Last(), "out of memory"));
            driver.Answer(B);
            driver.AnswerEvaluations();
        }

        Assert.Contains("refused after 3 errors in a row: out of memory", last.OfType<Publish>().Select(p => p.Event).OfType<ParticipantLost>().Select(e => e.Reason));
        Assert.Contains(new RefuseParticipant(A, "refused after 3 errors in a row: out of memory"), last);
        Assert.DoesNotContain(driver.State.Participants, w => w.Id == A);
    }

    [Fact]
    public void A_straggler_is_not_doubled_while_the_run_is_paused()
    {
        var driver = new TrainingRunDriver(_settings with { MinWorkers = 3 }, A, B, C);
        driver.AnswerStep();
        driver.Answer(A);
        driver.Feed(new ParticipantGone(C, LossCause.LinkClosed, "killed"));
        Assert.True(driver.State.Paused);
        Assert.Empty(driver.Pass(TimeSpan.FromMilliseconds(120)).OfType<AssignShards>());
    }

    [Fact]
    public void One_bad_round_does_not_stretch_the_deadline_beyond_the_next() =>
        Assert.Equal(0.01, RoundTimes.None.With(60).With(0.01).Median);

    // A answers after 11 ms for four shards, B by the given time later.
    private static void AnswerStep(TrainingRunDriver driver, TimeSpan later)
    {
        RoundId round = driver.State.Round!.Id;
        driver.Wait(TimeSpan.FromMilliseconds(2.5 * driver.Assigned(A).Sum(r => r.Count)));
        driver.Answer(A);
        if (driver.State.Round!.Id == round)
        {
            driver.Wait(later);
            driver.Answer(B);
        }
    }
}
