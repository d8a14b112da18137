using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>Which leaves go to whom.</summary>
internal sealed partial class RunDecision
{
    /// <summary>Opens the next round if none is open, and issues every leaf that nobody has.</summary>
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
                Covered = LeafSet.Empty(settings.TreeOf(kind).Leaves),
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

        ShardTree tree = TreeOf(round);
        LeafSet taken = round.Covered.WithAll(round.Holdings.Where(h => h.Live).Select(h => tree.LeavesOf(h.Node)));

        if (taken.IsFull)
        {
            return;
        }

        ImmutableArray<LeafRange> gaps = taken.Gaps();
        if (round.Failures.IsEmpty)
        {
            Divide(gaps, [.. Available()]);
            return;
        }

        foreach (int leaf in gaps.SelectMany(gap => Enumerable.Range(gap.Start, gap.Count)))
        {
            if (!TryIssueFailed(leaf))
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
            bool stale = worker.IdleRounds >= worker.Patience;
            Participant waiting = stale
                ? worker with { Speed = SpeedSamples.None, IdleRounds = 0, Patience = worker.Patience * 2 }
                : worker with { IdleRounds = worker.IdleRounds + 1 };
            _state = _state with
            {
                Participants = _state.Participants.Replace(worker, waiting),
                CutSpeeds = stale ? _state.CutSpeeds.Remove(worker.Id) : _state.CutSpeeds,
            };
        }
    }

    private void Divide(ImmutableArray<LeafRange> gaps, ImmutableArray<Participant> workers)
    {
        int leaves = gaps.Sum(gap => gap.Count);
        int[] loads = [.. workers.Select(w => UncoveredLeaves(_state.Round!, h => h.Participant == w.Id))];
        if (loads.All(load => load == 0))
        {
            RenewCut(leaves, loads, workers);
        }

        double[] speeds = Speeds(workers, w => _state.CutSpeeds.GetValueOrDefault(w.Id));
        foreach ((int worker, LeafRange range) in LeafDivision.Ranges(gaps, LeafDivision.Counts(leaves, loads, speeds)))
        {
            Issue(workers[worker].Id, range);
        }
    }

    /// <summary>Takes over the measured speeds if other workers are there, or if the round gets shorter by enough.</summary>
    private void RenewCut(int leaves, int[] loads, ImmutableArray<Participant> workers)
    {
        double[] measured = Speeds(workers, w => w.Speed.Median);
        double[] old = Speeds(workers, w => _state.CutSpeeds.GetValueOrDefault(w.Id));
        bool sameWorkers = _state.CutSpeeds.Count == workers.Length && workers.All(w => _state.CutSpeeds.ContainsKey(w.Id));
        double now = LeafDivision.Makespan(LeafDivision.Counts(leaves, loads, old), measured);
        double then = LeafDivision.Makespan(LeafDivision.Counts(leaves, loads, measured), measured);
        if (!sameWorkers || then < now * (1 - settings.Recovery.RecutGain))
        {
            _state = _state with
            {
                CutSpeeds = workers.Select((w, i) => KeyValuePair.Create(w.Id, measured[i])).ToImmutableDictionary(),
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
    /// A leaf of a round with errors goes, by itself, to the least busy worker that has not failed it; while others
    /// do not answer, or there are none, a worker may try again. False when the run has ended over it.
    /// </summary>
    private bool TryIssueFailed(int leaf)
    {
        Round round = _state.Round!;
        int FailuresOf(ParticipantId worker) => round.Failures.Count(f => f.Participant == worker && f.Leaves.Contains(leaf));
        bool allAsked = _state.Participants.Length > 1 && !_state.Participants.Any(w => w.Late);
        int most = allAsked ? 1 : settings.Recovery.MaxFailures;
        Participant? next = Available()
            .Where(w => FailuresOf(w.Id) < most)
            .MinBy(w => UncoveredLeaves(round, h => h.Participant == w.Id));
        if (next is null)
        {
            End(new(false, $"every worker failed {round.Id}, leaf {leaf}: {round.Failures.Last(f => f.Leaves.Contains(leaf)).Error}"));
            return false;
        }

        Issue(next.Id, new(leaf, 1));
        return true;
    }

    private void Issue(ParticipantId id, LeafRange leaves)
    {
        Round round = _state.Round!;
        Participant worker = Find(id)!;
        bool idle = !round.Holdings.Any(h => h.Participant == id);
        _state = _state with
        {
            Participants = _state.Participants.Replace(worker, worker with
            {
                IdleRounds = 0,
                IssuedAt = idle ? now : worker.IssuedAt,
                IssuedRows = (idle ? 0 : worker.IssuedRows) + TreeOf(round).RowsOf(leaves),
                Computing = idle ? TimeSpan.Zero : worker.Computing,
            }),
        };
        SetRound(round with
        {
            Holdings = round.Holdings.AddRange(TreeOf(round).NodesOf(leaves).Select(node => new Holding(id, node, now, true, false))),
        });
        _effects.Add(new IssueLeaves(id, round.Id, leaves));
    }

    /// <summary>Forgets holdings; the leaves that nobody else has are issued again by <see cref="Dispatch"/>.</summary>
    private void Drop(Predicate<Holding> which, ParticipantId from, string reason)
    {
        if (_state.Round is not { Taking: false } round)
        {
            return;
        }

        int leaves = UncoveredLeaves(round, h => which(h) && h.Live);
        SetRound(round with { Holdings = round.Holdings.RemoveAll(which) });
        Reissued(from, leaves, reason);
    }

    private void Reissued(ParticipantId from, int leaves, string reason)
    {
        if (leaves > 0)
        {
            Round round = _state.Round!;
            SetRound(round with { Reissued = round.Reissued + leaves });
            _state = _state with { ReissuedLeaves = _state.ReissuedLeaves + leaves };
            Tell(new LeavesReissued(_state.Step + 1, leaves, from.Name, reason));
        }
    }

    private int UncoveredLeaves(Round round, Func<Holding, bool> which)
    {
        ShardTree tree = TreeOf(round);
        int leaves = 0;
        foreach (Holding holding in round.Holdings)
        {
            LeafRange range = tree.LeavesOf(holding.Node);
            leaves += which(holding) && !round.Covered.Overlaps(range) ? range.Count : 0;
        }

        return leaves;
    }

    /// <summary>Who may be given leaves: those that answer, or everybody when nobody does.</summary>
    private IEnumerable<Participant> Available() =>
        _state.Participants.Any(w => !w.Late) ? _state.Participants.Where(w => !w.Late) : _state.Participants;

    private Participant? Find(ParticipantId worker) => _state.Participants.FirstOrDefault(w => w.Id == worker);

    private ShardTree TreeOf(Round round) => settings.TreeOf(round.Id.Kind);

    private void SetRound(Round round) => _state = _state with { Round = round };

    private void Tell(RunEvent runEvent) => _effects.Add(new Publish(runEvent with { At = now }));

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
