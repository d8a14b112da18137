using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Simulation;

/// <summary>Mutants of the rules. The simulation must catch every one of them.</summary>
public sealed class SimulationMutantTests
{
    private const int Seeds = 300;

    [Fact]
    public void A_run_that_counts_a_duplicate_is_caught() =>
        Assert.Contains("is counted twice", Caught(rules => (state, input, now) =>
            Change(rules(state, input, now), effect => effect is DropResult { Cause: DropCause.Duplicate }
                ? new AcceptResult(((ResultArrived)input).Subtree)
                : effect)));

    [Fact]
    public void A_run_that_counts_results_of_another_round_is_caught() =>
        Assert.Contains("is counted in", Caught(rules => (state, input, now) =>
            Change(rules(state, input, now), effect => effect is DropResult { Cause: DropCause.OtherRound }
                ? new AcceptResult(((ResultArrived)input).Subtree)
                : effect)));

    [Fact]
    public void A_run_that_never_issues_again_is_caught() =>
        Assert.Contains("the run is not over after", Caught(rules => (state, input, now) =>
        {
            Transition made = rules(state, input, now);
            return input is ParticipantGone or Tick ? made with { Effects = made.Effects.RemoveAll(effect => effect is AssignShards) } : made;
        }));

    [Fact]
    public void A_run_that_forgets_the_shards_of_a_lost_worker_is_caught() =>
        Assert.Contains("is nowhere", Caught(rules => (state, input, now) =>
        {
            Transition made = rules(state, input, now);
            return input is ParticipantGone && made.State.Round is { IsReducing: false } round && state.Round?.Id == round.Id
                ? new(made.State with { Round = round with { Assignments = state.Round.Assignments.RemoveAll(h => !made.State.Participants.Any(w => w.Id == h.Participant)) } }, made.Effects)
                : made;
        }));

    [Fact]
    public void A_run_that_keeps_the_holdings_of_a_lost_worker_is_caught() =>
        Assert.Contains("is no participant's", Caught(rules => (state, input, now) =>
        {
            Transition made = rules(state, input, now);
            return input is ParticipantGone && made.State.Round is { IsReducing: false } round && state.Round?.Id == round.Id
                ? made with { State = made.State with { Round = round with { Assignments = state.Round.Assignments } } }
                : made;
        }));

    [Fact]
    public void A_run_that_does_not_hear_of_lost_workers_is_caught() =>
        Assert.Contains("has no link", Caught(rules => (state, input, now) => rules(state, input is ParticipantGone ? Tick.Now : input, now)));

    [Fact]
    public void A_run_that_does_not_pause_is_caught() =>
        Assert.Contains("and paused is False", Caught(
            _ => (state, input, now) => new TrainingRun(Settings! with { MinWorkers = 1 }).Decide(state, input, now)));

    [Fact]
    public void A_run_that_takes_the_step_before_the_last_shard_is_caught() =>
        Assert.Contains("shards", Caught(rules => (state, input, now) =>
        {
            Transition made = rules(state, input, now);
            return made.State.Round is { IsReducing: false } round && made.Effects.Any(effect => effect is AcceptResult)
                ? new(made.State with { Round = round with { IsReducing = true, Assignments = [] } }, made.Effects.Add(new TakeStep(round.Id)))
                : made;
        }));

    [Fact]
    public void A_run_that_goes_on_beyond_its_end_is_caught() =>
        Assert.Contains("after the end", Caught(rules => (state, input, now) =>
            state.Outcome is null ? rules(state, input, now) : new(state with { DroppedResults = state.DroppedResults + 1 }, [])));

    [Fact]
    public void A_run_that_keeps_the_last_state_in_place_of_the_best_is_caught() =>
        Assert.Contains("the run kept", Caught(rules => (state, input, now) =>
        {
            Transition made = rules(state, input, now);
            return made.Effects.Any(effect => effect is ReportEpoch) && Settings!.Selection is { KeepBest: true }
                ? made with { Effects = made.Effects.Insert(0, new KeepModelState(made.State.Step)) }
                : made;
        }));

    [Fact]
    public void A_run_that_forgets_the_best_evaluation_at_a_checkpoint_is_caught() =>
        Assert.Contains("the run selected", Caught(rules => (state, input, now) => Change(
            rules(state, input, now),
            effect => effect is WriteCheckpoint write ? write with { Selection = SelectionState.None } : effect)));

    [Fact]
    public void A_run_that_counts_a_repeated_evaluation_again_is_caught() =>
        Assert.Contains("the run", Caught(rules => (state, input, now) => Change(
            rules(state, input, now),
            effect => effect is WriteCheckpoint write ? write with { Selection = write.Selection with { Later = write.Selection.Later + 1 } } : effect)));

    [Fact]
    public void A_run_without_patience_is_caught() =>
        Assert.Contains("is complete after", Caught(_ => (state, input, now) =>
            new TrainingRun(Settings! with { Selection = Settings.Selection is { } selection ? selection with { Patience = null } : null })
                .Decide(state, input, now)));

    private RunSettings? Settings { get; set; }

    private static Transition Change(Transition made, Func<RunEffect, RunEffect> change) =>
        made with { Effects = [.. made.Effects.Select(change)] };

    /// <summary>The first failure of a mutant over the seeds.</summary>
    private string Caught(Func<RunRules, RunRules> breakRules)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var scenario = Scenario.FromSeed(seed);
            Settings = scenario.Settings;
            try
            {
                SimulatedRun.Run(scenario, breakRules(new TrainingRun(scenario.Settings).Decide));
            }
            catch (SimulationFailedException e)
            {
                return e.Message[..e.Message.IndexOf('\n', StringComparison.Ordinal)];
            }
        }

        return $"nothing in {Seeds} seeds";
    }
}
