using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Invariants of a run, checked at every decision.</summary>
internal sealed class Invariants(RunSettings settings, ReferenceRun reference, Func<string, SimulationFailedException> failure)
{
    private readonly HashSet<int> _counted = [];
    private bool _isPauseAnnounced;

    public SimulationFailedException Failure(string message) => failure(message);

    /// <summary>Starts the term of a coordinator: no shard is counted.</summary>
    public void BeginIncarnation(RunState state)
    {
        _counted.Clear();
        _isPauseAnnounced = false;
        Require(state.Outcome is null && state.Participants.Count == 0, "a term begins with workers or with an outcome");
    }

    /// <summary>Checks one decision.</summary>
    public void Check(RunState before, RunInput input, RunState after, ImmutableArray<RunEffect> effects)
    {
        if (before.Outcome is not null)
        {
            Require(ReferenceEquals(before, after) && effects.All(effect => effect is DropResult), "something happens after the end");
            return;
        }

        foreach (RunEffect effect in effects)
        {
            Check(before, input, after, effect);
        }

        if (!ReferenceEquals(before, after))
        {
            CheckState(before, input, after);
        }
    }

    /// <summary>Requires that a reduced sum equals the undisturbed run's to the bit.</summary>
    public void CheckSum(RoundId round, Vector128<float> sum) => Require(
        sum.AsInt32() == reference.Sum(round).AsInt32(),
        $"{round} adds up to {sum}, but undisturbed to {reference.Sum(round)}");

    /// <summary>Requires that a complete run kept the state that an undisturbed run selects.</summary>
    public void CheckResult(RunState final, SimulatedState? kept)
    {
        if (final.Outcome is not { Interrupted: false, Failure: null } || settings.Selection is not { } selection)
        {
            return;
        }

        (BestEvaluation? best, _) = reference.Selected();
        Require(Equals(final.Selection.Best, best), $"the run selected {final.Selection.Best}, and undisturbed {best}");
        SimulatedState? expected = selection.KeepBest && best is not null ? reference.After(best.Step) : null;
        Require(
            kept?.Digest == expected?.Digest && kept?.Step == expected?.Step, $"the run kept {kept}, and undisturbed {expected}");
    }

    private void Check(RunState before, RunInput input, RunState after, RunEffect effect)
    {
        switch (effect)
        {
            case AcceptResult accept:
                Accept(before, input, accept.Subtree);
                break;
            case AssignShards assign:
                Require(!_isPauseAnnounced, $"{assign.Shards} was assigned in an announced pause");
                Require(
                    after.Participants.IndexOf(assign.Participant) >= 0,
                    $"{assign.Shards} was assigned to {assign.Participant}, which is no participant");
                Require(assign.Round == after.Round?.Id, $"{assign.Shards} of {assign.Round} was assigned in {after.Round?.Id}");
                Require(!after.Paused, $"{assign.Shards} was assigned while the run is paused");
                Require(
                    !after.Round!.Covered.Overlaps(assign.Shards),
                    $"{assign.Shards} of {assign.Round} was assigned although it is covered");
                break;
            case TakeStep take:
                Require(take.Round == new RoundId(before.Step, RoundKind.Gradient), $"{take.Round} is taken after {before.Step} steps");
                RequireAllCounted(take.Round);
                break;
            case TakeEvaluation take:
                RequireAllCounted(take.Round);
                break;
            case AbandonRound:
                _counted.Clear();
                break;
            case WriteCheckpoint write:
                Require(write.Step == after.Step, $"the checkpoint of step {write.Step} is written after step {after.Step}");
                break;
            case Publish { Event: RunPaused }:
                Require(!_isPauseAnnounced, "a pause is announced twice");
                _isPauseAnnounced = true;
                break;
            case Publish { Event: RunContinued }:
                Require(_isPauseAnnounced, "the run continues without having been paused");
                _isPauseAnnounced = false;
                break;
            case EndRun { Outcome: { Interrupted: false, Failure: null } }:
                long last = reference.Selected().LastStep;
                Require(after.Step == last, $"the run is complete after {after.Step} of {last} steps");
                break;
            default:
                break;
        }
    }

    private void Accept(RunState before, RunInput input, SubtreeId subtree)
    {
        Require(
            input is ResultArrived arrived && arrived.Subtree == subtree && arrived.Round == before.Round?.Id,
            $"{subtree} is counted in {before.Round?.Id} on {input}");
        ShardRange shards = settings.Trees.Of(before.Round!.Id.Kind).ShardsOf(subtree);
        for (int shard = shards.Start; shard < shards.End; shard++)
        {
            Require(_counted.Add(shard), $"shard {shard} of {before.Round.Id} is counted twice");
        }
    }

    private void RequireAllCounted(RoundId round)
    {
        Require(_counted.Count == settings.Trees.Of(round.Kind).Shards, $"{round} is reduced with {_counted.Count} shards");
        _counted.Clear();
    }

    private void CheckState(RunState before, RunInput input, RunState after)
    {
        Require(after.Step == before.Step + (input is StepTaken ? 1 : 0), $"{input} leads from step {before.Step} to {after.Step}");
        Require(after.Step <= settings.TotalSteps, $"step {after.Step} of {settings.TotalSteps}");
        if (after.Outcome is null)
        {
            Require(
                after.Paused == after.Workers < settings.WorkersNeeded(after.HasStarted),
                $"{after.Workers} workers, and paused is {after.Paused}");
            if (after.Round is { } round)
            {
                CheckRound(after, round);
            }
        }
    }

    // Every shard is covered or in flight.
    private void CheckRound(RunState state, Round round)
    {
        ReductionTree tree = settings.Trees.Of(round.Id.Kind);
        Span<bool> held = stackalloc bool[tree.Shards];
        foreach (Assignment holding in round.Assignments)
        {
            Require(state.Participants.IndexOf(holding.Participant) >= 0, $"{holding} is no participant's");
            if (holding.IsActive)
            {
                ShardRange shards = tree.ShardsOf(holding.Subtree);
                held[shards.Start..shards.End].Fill(true);
            }
        }

        for (int shard = 0; shard < tree.Shards && !state.Paused && !round.IsReducing; shard++)
        {
            Require(held[shard] || round.Covered.Contains(shard), $"shard {shard} of {round.Id} is nowhere");
        }
    }

    private void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref InvariantViolation promise)
    {
        if (!holds)
        {
            throw failure(promise.ToString());
        }
    }

    private void Require(bool holds, string promise)
    {
        if (!holds)
        {
            throw failure(promise);
        }
    }
}
