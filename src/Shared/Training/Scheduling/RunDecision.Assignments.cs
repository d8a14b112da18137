using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>Assignment of shards to participants.</summary>
internal sealed partial class RunDecision
{
    /// <summary>Opens the next round if none is open, and assigns every shard that is neither covered nor in flight.</summary>
    private void Dispatch()
    {
        if (_state.Round is null)
        {
            OpenNextRound();
        }

        Round round = OpenRound;
        if (round.IsReducing)
        {
            return;
        }

        ReductionTree tree = TreeOf(round);
        ShardSet provided = round.Covered.WithAll(round.Assignments.Where(h => h.IsActive).Select(h => tree.ShardsOf(h.Subtree)));
        if (provided.IsFull)
        {
            return;
        }

        ImmutableArray<ShardRange> gaps = provided.Gaps();
        if (round.Failures.IsEmpty)
        {
            Divide(gaps, [.. Available()]);
            return;
        }

        foreach (int shard in gaps.SelectMany(gap => Enumerable.Range(gap.Start, gap.Count)))
        {
            if (!TryAssignFailed(shard))
            {
                return;
            }
        }
    }

    private void OpenNextRound()
    {
        _state = _state with { HasStarted = true };
        RoundKind kind = _state.Evaluations.IsEmpty ? RoundKind.Gradient : _state.Evaluations[0];
        SetRound(new()
        {
            Id = new(_state.Step, kind),
            StartedAt = now,
            Covered = ShardSet.Empty(settings.Trees.Of(kind).Shards),
        });
        if (kind == RoundKind.Gradient)
        {
            ResetStaleSpeeds();
        }
    }

    /// <summary>Forgets the speed of participants that were idle for long: they get a fair share and are measured again.</summary>
    private void ResetStaleSpeeds()
    {
        foreach (Participant worker in _state.Participants)
        {
            bool isStale = worker.IdleRounds >= worker.IdleRoundLimit;
            SetWorker(isStale
                ? worker with { Speed = SpeedSamples.None, IdleRounds = 0, IdleRoundLimit = worker.IdleRoundLimit * 2 }
                : worker with { IdleRounds = worker.IdleRounds + 1 });
            if (isStale)
            {
                _state = _state with { PartitionSpeeds = _state.PartitionSpeeds.Remove(worker.Id) };
            }
        }
    }

    private void Divide(ImmutableArray<ShardRange> gaps, ImmutableArray<Participant> workers)
    {
        int shards = gaps.Sum(gap => gap.Count);
        int[] all = Loads(OpenRound);
        int[] loads = [.. workers.Select(w => all[_state.Participants.IndexOf(w.Id)])];
        if (loads.All(load => load == 0))
        {
            UpdateCutSpeeds(shards, loads, workers);
        }

        double[] speeds = Speeds(workers, w => _state.PartitionSpeeds.GetValueOrDefault(w.Id));
        foreach ((int worker, ShardRange range) in ShardPartitioner.Ranges(gaps, ShardPartitioner.Counts(shards, loads, speeds)))
        {
            Assign(workers[worker].Id, range);
        }
    }

    /// <summary>Divides by the measured speeds from now on if the participants changed or the round gets shorter by enough.</summary>
    private void UpdateCutSpeeds(int shards, int[] loads, ImmutableArray<Participant> workers)
    {
        double[] measured = Speeds(workers, w => w.Speed.Median);
        double[] current = Speeds(workers, w => _state.PartitionSpeeds.GetValueOrDefault(w.Id));
        bool sameWorkers = _state.PartitionSpeeds.Count == workers.Length && workers.All(w => _state.PartitionSpeeds.ContainsKey(w.Id));
        double makespan = ShardPartitioner.Makespan(ShardPartitioner.Counts(shards, loads, current), measured);
        double newMakespan = ShardPartitioner.Makespan(ShardPartitioner.Counts(shards, loads, measured), measured);
        if (!sameWorkers || newMakespan < makespan * (1 - settings.Recovery.RebalanceThreshold))
        {
            _state = _state with
            {
                PartitionSpeeds = workers.Select((w, i) => KeyValuePair.Create(w.Id, measured[i])).ToImmutableDictionary(),
            };
        }
    }

    /// <summary>Speeds with the mean of the known ones in place of unknown ones; all 1 if none is known.</summary>
    private static double[] Speeds(ImmutableArray<Participant> workers, Func<Participant, double> speedOf)
    {
        double[] speeds = [.. workers.Select(speedOf)];
        double known = speeds.Where(s => s > 0).DefaultIfEmpty(1).Average();
        return [.. speeds.Select(s => s > 0 ? s : known)];
    }

    /// <summary>
    /// Assigns one shard of a round with errors to the least busy participant that has not failed it. A participant may retry
    /// while others have timed out or there are no others. False if no participant is left: the run ends with the error.
    /// </summary>
    private bool TryAssignFailed(int shard)
    {
        Round round = OpenRound;
        int FailuresOf(ParticipantId worker) => round.Failures.Count(f => f.Participant == worker && f.Shards.Contains(shard));
        bool allAnswer = _state.Participants.Count > 1 && !_state.Participants.Any(w => w.TimedOut);
        int most = allAnswer ? 1 : settings.Recovery.MaxFailures;
        int[] loads = Loads(round);
        Participant? next = Available()
            .Where(w => FailuresOf(w.Id) < most)
            .MinBy(w => loads[_state.Participants.IndexOf(w.Id)]);
        if (next is null)
        {
            string error = round.Failures.Last(f => f.Shards.Contains(shard)).Error;
            End(RunOutcome.Failed(RunFailureCause.ShardFailed, $"every worker failed {round.Id}, shard {shard}: {error}"));
            return false;
        }

        Assign(next.Id, new(shard, 1));
        return true;
    }

    private void Assign(ParticipantId id, ShardRange shards)
    {
        Round round = OpenRound;
        ReductionTree tree = TreeOf(round);
        Participant worker = _state.Participants.Find(id) ?? throw new InvalidOperationException($"{id} is no participant.");
        bool isIdle = !round.Assignments.Any(h => h.Participant == id);
        SetWorker(worker with
        {
            IdleRounds = 0,
            AssignedAt = isIdle ? now : worker.AssignedAt,
            AssignedRows = (isIdle ? 0 : worker.AssignedRows) + tree.RowsOf(shards),
            ComputeTime = isIdle ? TimeSpan.Zero : worker.ComputeTime,
        });
        SetRound(round with
        {
            Assignments = round.Assignments.AddRange(tree.SubtreesOf(shards).Select(subtree => new Assignment(id, subtree, now, true, false))),
        });
        _effects.Add(new AssignShards(id, round.Id, shards));
    }

    /// <summary>Removes assignments; <see cref="Dispatch"/> assigns the shards that are in flight nowhere else.</summary>
    private void Unassign(Predicate<Assignment> match, ParticipantId from, ReassignCause cause, string reason)
    {
        if (_state.Round is { IsReducing: false } round)
        {
            int shards = UncoveredShards(round, h => match(h) && h.IsActive);
            SetRound(round with { Assignments = round.Assignments.RemoveAll(match) });
            CountReassigned(from, shards, cause, reason);
        }
    }

    private void CountReassigned(ParticipantId from, int shards, ReassignCause cause, string reason)
    {
        if (shards > 0)
        {
            SetRound(OpenRound with { Reassigned = OpenRound.Reassigned + shards });
            _state = _state with { ReassignedShards = _state.ReassignedShards + shards };
            Publish(new ShardsReassigned(_state.Step + 1, shards, from.Name, cause, reason));
        }
    }

    private int UncoveredShards(Round round, Func<Assignment, bool> match)
    {
        int shards = 0;
        foreach (Assignment holding in round.Assignments)
        {
            shards += match(holding) ? UncoveredShards(round, holding) : 0;
        }

        return shards;
    }

    /// <summary>Uncovered shards in flight to each participant, timed-out assignments included, in the order of the participants.</summary>
    private int[] Loads(Round round)
    {
        int[] loads = new int[_state.Participants.Count];
        foreach (Assignment holding in round.Assignments)
        {
            if (_state.Participants.IndexOf(holding.Participant) is >= 0 and int worker)
            {
                loads[worker] += UncoveredShards(round, holding);
            }
        }

        return loads;
    }

    private int UncoveredShards(Round round, Assignment holding)
    {
        ShardRange shards = TreeOf(round).ShardsOf(holding.Subtree);
        return round.Covered.Overlaps(shards) ? 0 : shards.Count;
    }

    /// <summary>Participants that may be assigned shards: those that answer, or all if all have timed out.</summary>
    private IEnumerable<Participant> Available() =>
        _state.Participants.Any(w => !w.TimedOut) ? _state.Participants.Where(w => !w.TimedOut) : _state.Participants;
}
