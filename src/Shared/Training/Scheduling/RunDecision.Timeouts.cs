using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>Deadlines and speculative copies.</summary>
internal sealed partial class RunDecision
{
    private void OnTick()
    {
        if (_state.Paused || _state.Round is not { IsReducing: false } round || round.Assignments.IsEmpty)
        {
            return;
        }

        RecoveryOptions options = settings.Recovery;
        RoundTimes times = round.Id.Kind == RoundKind.Gradient ? _state.StepTimes : _state.EvaluationTimes;
        TimeSpan deadline = times.Median is { } median
            ? Max(options.MinDeadline, TimeSpan.FromSeconds(median * options.DeadlineFactor))
            : options.FirstDeadline;
        ImmutableArray<ParticipantId> overdue = [.. round.Assignments
            .Where(h => h.IsActive && now - h.AssignedAt >= deadline)
            .Select(h => h.Participant)
            .Distinct()];
        foreach (ParticipantId worker in overdue)
        {
            TimeOut(worker, deadline);
        }

        if (times.Median is { } typical)
        {
            AssignCopies(Max(options.MinStraggler, TimeSpan.FromSeconds(typical * options.StragglerFactor)));
        }
    }

    /// <summary>
    /// Takes the shards of a participant that missed its deadline. If every other participant has timed out too, it keeps them
    /// for several more deadlines and is then asked again: its answer may have been lost.
    /// </summary>
    private void TimeOut(ParticipantId id, TimeSpan deadline)
    {
        Round round = OpenRound;
        bool othersAnswer = _state.Participants.Any(other => other.Id != id && !other.TimedOut);
        TimeSpan timeout = othersAnswer ? deadline : deadline * settings.Recovery.LastResortFactor;
        bool IsLost(Assignment holding) => holding.Participant == id && holding.IsActive && now - holding.AssignedAt >= timeout;
        if (_state.Participants.Find(id) is not { } worker || !round.Assignments.Any(IsLost))
        {
            return;
        }

        SetWorker(worker with { TimedOut = true });
        int shards = UncoveredShards(round, IsLost);
        SetRound(round with { Assignments = [.. round.Assignments.Select(h => IsLost(h) ? h with { IsActive = false } : h)] });
        CountReassigned(id, shards, ReassignCause.TimedOut, $"no answer within {timeout.TotalMilliseconds:0} ms");
    }

    /// <summary>Assigns speculative copies of shards in flight for <paramref name="age"/> or longer to idle participants.</summary>
    private void AssignCopies(TimeSpan age)
    {
        Round round = OpenRound;
        ReductionTree tree = TreeOf(round);
        var idle = new Queue<ParticipantId>(_state.Participants
            .Where(w => !w.TimedOut && !round.Assignments.Any(h => h.Participant == w.Id))
            .Select(w => w.Id));
        foreach (Assignment holding in round.Assignments)
        {
            if (idle.Count == 0)
            {
                return;
            }

            ShardRange shards = tree.ShardsOf(holding.Subtree);
            if (holding is { IsActive: true, HasCopy: false } && now - holding.AssignedAt >= age && !round.Covered.Overlaps(shards))
            {
                SetRound(OpenRound with { Assignments = OpenRound.Assignments.Replace(holding, holding with { HasCopy = true }) });
                Assign(idle.Dequeue(), shards);
                CountReassigned(holding.Participant, shards.Count, ReassignCause.Straggler, $"slower than {age.TotalMilliseconds:0} ms");
            }
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
