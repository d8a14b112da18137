using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>Which shards go to whom.</summary>
internal sealed partial class RunDecision
{
    /// <summary>Opens the next round if none is open, and issues every shard that nobody has.</summary>
    private void Dispatch()
    {
        if (_state.Round is null)
        {
            _state = _state with { Begun = true };
            RoundKind kind = _state.Evaluations.IsEmpty ? RoundKind.Gradient : _state.Evaluations[0];
            SetRound(new()
            {
                Id = new(_state.Step, kind),
                StartedAt = now,
                Covered = ShardSet.Empty(settings.TreeOf(kind).Shards),
            });
            if (kind == RoundKind.Gradient)
            {
                ForgetStaleMeasures();
            }
        }

        Round round = _state.Round!;
        if (round.Taking)
        {
            return;
        }

        ReductionTree tree = TreeOf(round);
        ShardSet taken = round.Covered.WithAll(round.Assignments.Where(h => h.Live).Select(h => tree.ShardsOf(h.Subtree)));

        if (taken.IsFull)
        {
            return;
        }

        ImmutableArray<ShardRange> gaps = taken.Gaps();
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

    /// <summary>A worker that has got nothing for long gets a fair share again, to be measured anew.</summary>
    private void ForgetStaleMeasures()
    {
        foreach (Participant worker in _state.Participants)
        {
            bool stale = worker.IdleRounds >= worker.Timeout;
            Participant waiting = stale
                ? worker with { Speed = SpeedSamples.None, IdleRounds = 0, Timeout = worker.Timeout * 2 }
                : worker with { IdleRounds = worker.IdleRounds + 1 };
            _state = _state with
            {
                Participants = _state.Participants.Replace(worker, waiting),
                PartitionSpeeds = stale ? _state.PartitionSpeeds.Remove(worker.Id) : _state.PartitionSpeeds,
            };
        }
    }

    private void Divide(ImmutableArray<ShardRange> gaps, ImmutableArray<Participant> workers)
    {
        int shards = gaps.Sum(gap => gap.Count);
        int[] loads = [.. workers.Select(w => UncoveredShards(_state.Round!, h => h.Participant == w.Id))];
        if (loads.All(load => load == 0))
        {
            RenewCut(shards, loads, workers);
        }

        double[] speeds = Speeds(workers, w => _state.PartitionSpeeds.GetValueOrDefault(w.Id));
        foreach ((int worker, ShardRange range) in ShardPartitioner.Ranges(gaps, ShardPartitioner.Counts(shards, loads, speeds)))
        {
            Assign(workers[worker].Id, range);
        }
    }

    /// <summary>Takes over the measured speeds if other workers are there, or if the round gets shorter by enough.</summary>
    private void RenewCut(int shards, int[] loads, ImmutableArray<Participant> workers)
    {
        double[] measured = Speeds(workers, w => w.Speed.Median);
        double[] old = Speeds(workers, w => _state.PartitionSpeeds.GetValueOrDefault(w.Id));
        bool sameWorkers = _state.PartitionSpeeds.Count == workers.Length && workers.All(w => _state.PartitionSpeeds.ContainsKey(w.Id));
        double now = ShardPartitioner.Makespan(ShardPartitioner.Counts(shards, loads, old), measured);
        double then = ShardPartitioner.Makespan(ShardPartitioner.Counts(shards, loads, measured), measured);
        if (!sameWorkers || then < now * (1 - settings.Recovery.RebalanceThreshold))
        {
            _state = _state with
            {
                PartitionSpeeds = workers.Select((w, i) => KeyValuePair.Create(w.Id, measured[i])).ToImmutableDictionary(),
            };
        }
    }

    /// <summary>A worker without a measure counts as the average of the others.</summary>
    private static double[] Speeds(ImmutableArray<Participant> workers, Func<Participant, double> speedOf)
    {
        double[] speeds = [.. workers.Select(speedOf)];
        double known = speeds.Where(s => s > 0).DefaultIfEmpty(1).Average();
        return [.. speeds.Select(s => s > 0 ? s : known)];
    }

    /// <summary>
    /// A shard of a round with errors goes, by itself, to the least busy worker that has not failed it; while others
    /// do not answer, or there are none, a worker may try again. False when the run has ended over it.
    /// </summary>
    private bool TryAssignFailed(int shard)
    {
        Round round = _state.Round!;
        int FailuresOf(ParticipantId worker) => round.Failures.Count(f => f.Participant == worker && f.Shards.Contains(shard));
        bool allAsked = _state.Participants.Length > 1 && !_state.Participants.Any(w => w.Late);
        int most = allAsked ? 1 : settings.Recovery.MaxFailures;
        Participant? next = Available()
            .Where(w => FailuresOf(w.Id) < most)
            .MinBy(w => UncoveredShards(round, h => h.Participant == w.Id));
        if (next is null)
        {
            End(new(false, $"every worker failed {round.Id}, shard {shard}: {round.Failures.Last(f => f.Shards.Contains(shard)).Error}"));
            return false;
        }

        Assign(next.Id, new(shard, 1));
        return true;
    }

    private void Assign(ParticipantId id, ShardRange shards)
    {
        Round round = _state.Round!;
        Participant worker = Find(id)!;
        bool idle = !round.Assignments.Any(h => h.Participant == id);
        _state = _state with
        {
            Participants = _state.Participants.Replace(worker, worker with
            {
                IdleRounds = 0,
                AssignedAt = idle ? now : worker.AssignedAt,
                AssignedRows = (idle ? 0 : worker.AssignedRows) + TreeOf(round).RowsOf(shards),
                Computing = idle ? TimeSpan.Zero : worker.Computing,
            }),
        };
        SetRound(round with
        {
            Assignments = round.Assignments.AddRange(TreeOf(round).SubtreesOf(shards).Select(subtree => new Assignment(id, subtree, now, true, false))),
        });
        _effects.Add(new AssignShards(id, round.Id, shards));
    }

    /// <summary>Forgets holdings; the shards that nobody else has are assigned again by <see cref="Dispatch"/>.</summary>
    private void Drop(Predicate<Assignment> which, ParticipantId from, string reason)
    {
        if (_state.Round is not { Taking: false } round)
        {
            return;
        }

        int shards = UncoveredShards(round, h => which(h) && h.Live);
        SetRound(round with { Assignments = round.Assignments.RemoveAll(which) });
        Reassigned(from, shards, reason);
    }

    private void Reassigned(ParticipantId from, int shards, string reason)
    {
        if (shards > 0)
        {
            Round round = _state.Round!;
            SetRound(round with { Reassigned = round.Reassigned + shards });
            _state = _state with { ReassignedShards = _state.ReassignedShards + shards };
            Tell(new ShardsReassigned(_state.Step + 1, shards, from.Name, reason));
        }
    }

    private int UncoveredShards(Round round, Func<Assignment, bool> which)
    {
        ReductionTree tree = TreeOf(round);
        int shards = 0;
        foreach (Assignment holding in round.Assignments)
        {
            ShardRange range = tree.ShardsOf(holding.Subtree);
            shards += which(holding) && !round.Covered.Overlaps(range) ? range.Count : 0;
        }

        return shards;
    }

    /// <summary>Who may be given shards: those that answer, or everybody when nobody does.</summary>
    private IEnumerable<Participant> Available() =>
        _state.Participants.Any(w => !w.Late) ? _state.Participants.Where(w => !w.Late) : _state.Participants;

    private Participant? Find(ParticipantId worker) => _state.Participants.FirstOrDefault(w => w.Id == worker);

    private ReductionTree TreeOf(Round round) => settings.TreeOf(round.Id.Kind);

    private void SetRound(Round round) => _state = _state with { Round = round };

    private void Tell(RunEvent runEvent) => _effects.Add(new Publish(runEvent with { At = now }));

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
