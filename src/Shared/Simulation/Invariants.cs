using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>The promises of a run, checked at every decision.</summary>
internal sealed class Invariants(RunSettings settings, ReferenceRun reference, Func<string, SimulationFailedException> failure)
{
    private readonly HashSet<int> _counted = [];
    private bool _pauseTold;

    public SimulationFailedException Failure(string message) => failure(message);

    /// <summary>A coordinator begins; nothing is counted yet.</summary>
    public void BeginIncarnation(RunState state)
    {
        _counted.Clear();
        _pauseTold = false;
        Require(state.Outcome is null && state.Participants.IsEmpty, "a life begins with workers or with an end");
    }

    /// <summary>Holds a decision against the rules.</summary>
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

    /// <summary>The reduced value is the undisturbed run's, to the bit.</summary>
    public void CheckSum(RoundId round, Vector128<float> sum) => Require(
        sum.AsInt32() == reference.Sum(round).AsInt32(),
        $"{round} adds up to {sum}, but undisturbed to {reference.Sum(round)}");

    private void Check(RunState before, RunInput input, RunState after, RunEffect effect)
    {
        switch (effect)
        {
            case AcceptResult accept:
                Accept(before, input, accept.Subtree);
                break;
            case AssignShards assign:
                Require(!_pauseTold, $"{assign.Shards} went out in what was told to be a pause");
                Require(after.Participants.Any(worker => worker.Id == assign.Participant), $"{assign.Shards} went to {assign.Participant}, which is no member");
                Require(assign.Round == after.Round?.Id, $"{assign.Shards} of {assign.Round} went out in {after.Round?.Id}");
                Require(!after.Paused, $"{assign.Shards} went out while the run is paused");
                Require(!after.Round!.Covered.Overlaps(assign.Shards), $"{assign.Shards} of {assign.Round} went out although they are there");
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
                Require(!_pauseTold, "a pause is told twice");
                _pauseTold = true;
                break;
            case Publish { Event: RunContinued }:
                Require(_pauseTold, "the run goes on that was not paused");
                _pauseTold = false;
                break;
            case EndRun { Outcome: { Interrupted: false, Failure: null } }:
                Require(after.Step == settings.TotalSteps, $"the run is complete after {after.Step} of {settings.TotalSteps} steps");
                break;
            default:
                break;
        }
    }

    private void Accept(RunState before, RunInput input, SubtreeId subtree)
    {
        Require(input is ResultArrived arrived && arrived.Subtree == subtree && arrived.Round == before.Round?.Id, $"{subtree} is counted in {before.Round?.Id} on {input}");
        ShardRange shards = settings.TreeOf(before.Round!.Id.Kind).ShardsOf(subtree);
        for (int shard = shards.Start; shard < shards.End; shard++)
        {
            Require(_counted.Add(shard), $"shard {shard} of {before.Round.Id} is counted twice");
        }
    }

    private void RequireAllCounted(RoundId round)
    {
        Require(_counted.Count == settings.TreeOf(round.Kind).Shards, $"{round} is taken with {_counted.Count} shards");
        _counted.Clear();
    }

    private void CheckState(RunState before, RunInput input, RunState after)
    {
        Require(after.Step == before.Step + (input is StepTaken ? 1 : 0), $"{input} leads from step {before.Step} to {after.Step}");
        Require(after.Step <= settings.TotalSteps, $"step {after.Step} of {settings.TotalSteps}");
        if (after.Outcome is null)
        {
            Require(after.Paused == after.Workers < settings.WorkersNeeded(after.Begun), $"{after.Workers} workers, and paused is {after.Paused}");
            if (after.Round is { } round)
            {
                CheckRound(after, round);
            }
        }
    }

    // Every shard is there or with somebody who is expected to answer.
    private void CheckRound(RunState state, Round round)
    {
        ReductionTree tree = settings.TreeOf(round.Id.Kind);
        Span<bool> held = stackalloc bool[tree.Shards];
        foreach (Assignment holding in round.Assignments)
        {
            Require(IsMember(state, holding.Participant), $"{holding} is no member's");
            if (holding.Live)
            {
                ShardRange shards = tree.ShardsOf(holding.Subtree);
                held[shards.Start..shards.End].Fill(true);
            }
        }

        for (int shard = 0; shard < tree.Shards && !state.Paused && !round.Taking; shard++)
        {
            Require(held[shard] || round.Covered.Contains(shard), $"shard {shard} of {round.Id} is nowhere");
        }
    }

    private static bool IsMember(RunState state, ParticipantId id)
    {
        foreach (Participant worker in state.Participants)
        {
            if (worker.Id == id)
            {
                return true;
            }
        }

        return false;
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
