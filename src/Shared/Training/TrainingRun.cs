using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>What a state becomes, and what is to be done about it, in order.</summary>
public sealed record Transition(RunState State, ImmutableArray<RunEffect> Effects);

/// <summary>
/// A training run as a pure state machine: (state, input, now) → (state, effects). It knows no actor, no buffer and
/// no clock; who feeds it carries out the effects. Every decision about steps, leaves, workers and faults is here.
/// </summary>
/// <remarks>
/// <code>
///            WorkerReady                    ResultArrived (last leaf)            StepTaken
///  paused ──────────────► round of leaves ─────────────────────────► taking ─────────────► next step, evaluation or end
///     ▲                    │        ▲ IssueLeaves                     TakeStep
///     └── too few workers ─┘        └── whatever leaf nobody has: lost, failed, late
/// </code>
/// One rule serves start, loss, error and lateness: <i>every leaf that is neither covered nor held by a live worker is
/// issued to somebody</i>. A result is added exactly if none of its leaves is covered yet.
/// </remarks>
public sealed class TrainingRun(RunSettings settings)
{
    /// <summary>
    /// A fresh run, or one that goes on after <paramref name="step"/> steps. At the end of an epoch it evaluates first:
    /// the life that took the step may have ended before it had.
    /// </summary>
    /// <param name="step">Steps taken by an earlier life of the run.</param>
    public RunState Begin(long step = 0)
    {
        int epochs = settings.EpochEnds.Count(end => end <= step);
        return new()
        {
            Step = step,
            Epochs = epochs,
            Evaluations = settings.EpochEnds.Contains(step) ? settings.EvaluationsAfter(epochs) : [],
            Checkpoint = (TimeSpan.Zero, step),
        };
    }

    /// <summary>What <paramref name="input"/> at time <paramref name="now"/> (since the start, never falling) makes of the state.</summary>
    public Transition Decide(RunState state, RunInput input, TimeSpan now)
    {
        if (state.Outcome is not null)
        {
            return new(state, input is ResultArrived ? [new DropResult("the run is over")] : []);
        }

        var decision = new Decision(settings, state, now);
        decision.Take(input);
        return decision.Made();
    }

    /// <summary>One decision in the making: the state changes step by step and the effects are noted.</summary>
    private sealed class Decision(RunSettings settings, RunState state, TimeSpan now)
    {
        private readonly ImmutableArray<RunEffect>.Builder _effects = ImmutableArray.CreateBuilder<RunEffect>(4);
        private RunState _state = state;

        public Transition Made() => new(_state, _effects.DrainToImmutable());

        public void Take(RunInput input)
        {
            switch (input)
            {
                case WorkerReady ready:
                    Join(ready.Worker);
                    break;
                case WorkerGone gone:
                    Lose(gone.Worker, gone.Reason);
                    break;
                case ResultArrived result:
                    Receive(result);
                    break;
                case LeavesFailed failed:
                    Fail(failed);
                    break;
                case StepTaken taken:
                    FinishStep(taken);
                    break;
                case EvaluationTaken taken:
                    FinishEvaluation(taken);
                    break;
                case Tick:
                    PassOverLate();
                    break;
                case StopRequested:
                    Stop();
                    break;
                case RunAborted aborted:
                    End(new(false, aborted.Reason));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(input), input, null);
            }

            if (_state.Outcome is null)
            {
                PauseOrContinue();
            }

            if (_state is { Outcome: null, Paused: false })
            {
                Dispatch();
            }
        }

        // ---- workers ----

        private void Join(WorkerId worker)
        {
            if (_state.Workers.Any(w => w.Id == worker))
            {
                return;
            }

            _state = _state with { Workers = _state.Workers.Add(new() { Id = worker }) };
            Tell(new WorkerJoined(worker.Name));
        }

        private void Lose(WorkerId worker, string reason)
        {
            if (Find(worker) is not { } lost)
            {
                return;
            }

            _state = _state with
            {
                Workers = _state.Workers.Remove(lost),
                CutSpeeds = _state.CutSpeeds.Remove(worker),
                WorkersLost = _state.WorkersLost + 1,
            };
            Tell(new WorkerLost(worker.Name, reason));
            Drop(holding => holding.Worker == worker, worker, reason);
        }

        private void PauseOrContinue()
        {
            bool pause = _state.Workers.Length < settings.MinWorkers;
            if (pause == _state.Paused)
            {
                return;
            }

            // Before the first round nothing has been interrupted, so there is nothing to announce.
            if (_state.Round is not null || pause)
            {
                Tell(pause
                    ? new RunPaused(_state.Workers.Length, settings.MinWorkers)
                    : new RunContinued(_state.Workers.Length));
            }

            _state = _state with { Paused = pause };
            if (!pause && _state.Round is { } interrupted)
            {
                // The pause counts neither as training time nor as a sample of how long a round takes.
                SetRound(interrupted with { StartedAt = now });
            }

            if (pause && _state.Stopping)
            {
                EndInterrupted();
            }
        }

        // ---- results ----

        private void Receive(ResultArrived result)
        {
            Round? round = _state.Round;
            string? refusal =
                round is null || round.Taking || round.Id != result.Round ? $"{result.Round} is not being computed"
                : !TreeOf(round).Holds(result.Node) ? $"{result.Node} is not in the tree"
                : round.Covered.Overlaps(TreeOf(round).LeavesOf(result.Node)) ? $"{result.Node} is there already"
                : null;
            if (refusal is null)
            {
                LeafRange leaves = TreeOf(round!).LeavesOf(result.Node);
                _effects.Add(new AcceptResult(result.Node));
                SetRound(round! with { Covered = round!.Covered.With(leaves) });
            }
            else
            {
                _effects.Add(new DropResult(refusal));
                _state = _state with { DroppedResults = _state.DroppedResults + 1 };
            }

            Answered(result);
            if (_state.Round is { Taking: false } current && current.Covered.IsFull)
            {
                SetRound(current with { Taking = true, Holdings = [] });
                _effects.Add(current.Id.Kind == RoundKind.Gradient ? new TakeStep(current.Id) : new TakeEvaluation(current.Id));
            }
        }

        /// <summary>The worker is alive and has one node less to do; with its last one, its speed is known.</summary>
        private void Answered(ResultArrived result)
        {
            if (Find(result.Worker) is not { } worker)
            {
                return;
            }

            WorkerState answered = worker with { Late = false, Failures = 0, Computing = worker.Computing + (result.Computing ?? TimeSpan.Zero) };
            if (_state.Round is { } round && round.Id == result.Round)
            {
                SetRound(round with
                {
                    Holdings = round.Holdings.RemoveAll(h => h.Worker == result.Worker && h.Node == result.Node),
                });
                bool done = !_state.Round.Holdings.Any(h => h.Worker == result.Worker);
                double seconds = (answered.Computing > TimeSpan.Zero ? answered.Computing : now - worker.IssuedAt).TotalSeconds;
                if (done && worker.IssuedRows > 0 && seconds > 0)
                {
                    answered = answered with
                    {
                        IssuedRows = 0,
                        Speed = round.Id.Kind == RoundKind.Gradient ? worker.Speed.With(worker.IssuedRows / seconds) : worker.Speed,
                    };
                }
            }

            _state = _state with { Workers = _state.Workers.Replace(worker, answered) };
        }

        private void Fail(LeavesFailed failed)
        {
            if (Find(failed.Worker) is not { } worker)
            {
                return;
            }

            _state = _state with
            {
                Workers = _state.Workers.Replace(worker, worker with { Late = false, Failures = worker.Failures + 1 }),
            };
            if (_state.Round is { Taking: false } round && round.Id == failed.Round)
            {
                SetRound(round with { Failures = round.Failures.Add(new(failed.Worker, failed.Leaves, failed.Error)) });
                ShardTree tree = TreeOf(round);
                Drop(
                    holding => holding.Worker == failed.Worker && failed.Leaves.Overlaps(tree.LeavesOf(holding.Node)),
                    failed.Worker,
                    failed.Error);
            }

            // The last worker stays, so that a fault of the run itself ends with its error and not in a pause.
            if (worker.Failures + 1 >= settings.Recovery.MaxFailures && _state.Workers.Length > 1)
            {
                Lose(failed.Worker, $"refused after {worker.Failures + 1} errors in a row: {failed.Error}");
            }
        }

        // ---- lateness ----

        private void PassOverLate()
        {
            if (_state.Paused || _state.Round is not { Taking: false } round || round.Holdings.IsEmpty)
            {
                return;
            }

            RecoveryPolicy policy = settings.Recovery;
            RoundTimes times = round.Id.Kind == RoundKind.Gradient ? _state.StepTimes : _state.EvaluationTimes;
            TimeSpan deadline = times.Median is { } median
                ? Max(policy.MinDeadline, TimeSpan.FromSeconds(median * policy.DeadlineFactor))
                : policy.FirstDeadline;
            ImmutableArray<WorkerId> late = [.. round.Holdings
                .Where(h => h.Live && now - h.IssuedAt >= deadline)
                .Select(h => h.Worker)
                .Distinct()];
            foreach (WorkerId worker in late)
            {
                PassOver(worker, deadline);
            }

            if (times.Median is { } typical)
            {
                Duplicate(Max(policy.MinStraggler, TimeSpan.FromSeconds(typical * policy.StragglerFactor)));
            }
        }

        /// <summary>
        /// A worker that let the deadline pass loses its leaves to those that answer. Where nobody else answers either it
        /// keeps them for several deadlines more, and is then asked again: its answer may have been lost.
        /// </summary>
        private void PassOver(WorkerId id, TimeSpan deadline)
        {
            Round round = _state.Round!;
            WorkerState? worker = Find(id);
            bool others = _state.Workers.Any(other => other.Id != id && !other.Late);
            TimeSpan patience = others ? deadline : deadline * settings.Recovery.LastResortFactor;
            bool Lost(Holding holding) => holding.Worker == id && holding.Live && now - holding.IssuedAt >= patience;
            if (worker is null || !round.Holdings.Any(Lost))
            {
                return;
            }

            _state = _state with { Workers = _state.Workers.Replace(worker, worker with { Late = true }) };
            int leaves = UncoveredLeaves(round, Lost);
            SetRound(round with { Holdings = [.. round.Holdings.Select(h => Lost(h) ? h with { Live = false } : h)] });
            Reissued(id, leaves, $"no answer within {patience.TotalMilliseconds:0} ms");
        }

        /// <summary>Gives the leaves of stragglers to workers that have nothing to do, as well.</summary>
        private void Duplicate(TimeSpan patience)
        {
            Round round = _state.Round!;
            ShardTree tree = TreeOf(round);
            var idle = new Queue<WorkerId>(_state.Workers
                .Where(w => !w.Late && !round.Holdings.Any(h => h.Worker == w.Id))
                .Select(w => w.Id));
            foreach (Holding holding in round.Holdings)
            {
                if (idle.Count == 0)
                {
                    return;
                }

                LeafRange leaves = tree.LeavesOf(holding.Node);
                if (holding is { Live: true, Duplicated: false } && now - holding.IssuedAt >= patience && !round.Covered.Overlaps(leaves))
                {
                    SetRound(_state.Round! with { Holdings = _state.Round!.Holdings.Replace(holding, holding with { Duplicated = true }) });
                    Issue(idle.Dequeue(), leaves);
                    Reissued(holding.Worker, leaves.Count, $"slower than {patience.TotalMilliseconds:0} ms");
                }
            }
        }

        // ---- progress ----

        private void FinishStep(StepTaken taken)
        {
            TimeSpan spent = now - _state.Round!.StartedAt;
            _state = _state with
            {
                Round = null,
                Step = taken.Step,
                TrainTime = _state.TrainTime + spent,
                StepTimes = _state.StepTimes.With(spent.TotalSeconds),
            };
            if (taken.Diagnosis is not null)
            {
                End(new(false, taken.Diagnosis));
                return;
            }

            bool epochEnded = _state.Epochs < settings.EpochEnds.Length && settings.EpochEnds[_state.Epochs] <= _state.Step;
            if (epochEnded)
            {
                int epochs = _state.Epochs + 1;
                _state = _state with { Epochs = epochs, Evaluations = _state.Stopping ? [] : settings.EvaluationsAfter(epochs) };
            }

            CheckpointIfDue(epochEnded);
            if (_state.Stopping)
            {
                EndInterrupted();
            }
        }

        private void CheckpointIfDue(bool epochEnded)
        {
            bool due = settings.CheckpointEvery is { } steps
                ? _state.Step % steps == 0
                : epochEnded || now - _state.Checkpoint.At >= settings.CheckpointInterval;
            if (due || _state.Step >= settings.TotalSteps)
            {
                Checkpoint();
            }
        }

        private void Checkpoint()
        {
            _state = _state with { Checkpoint = (now, _state.Step) };
            _effects.Add(new WriteCheckpoint(_state.Step));
        }

        private void FinishEvaluation(EvaluationTaken taken)
        {
            _state = _state with
            {
                EvaluationTimes = _state.EvaluationTimes.With((now - _state.Round!.StartedAt).TotalSeconds),
                Round = null,
                Evaluations = _state.Evaluations.Remove(taken.Round.Kind),
                Test = taken.Round.Kind == RoundKind.Test ? taken.Result : _state.Test,
                Validation = taken.Round.Kind == RoundKind.Validation ? taken.Result : _state.Validation,
            };
            if (!_state.Evaluations.IsEmpty)
            {
                return;
            }

            _effects.Add(new ReportEpoch(_state.Epochs, _state.Test!, _state.Validation));
            double accuracy = (_state.Validation ?? _state.Test)!.Accuracy;
            if (_state.Step >= settings.TotalSteps)
            {
                End(RunOutcome.Completed);
            }
            else if (accuracy >= settings.TargetAccuracy)
            {
                if (_state.Checkpoint.Step != _state.Step)
                {
                    Checkpoint();
                }

                End(RunOutcome.Completed);
            }
        }

        private void Stop()
        {
            _state = _state with { Stopping = true };
            bool midStep = _state.Round is { Id.Kind: RoundKind.Gradient } && !_state.Paused;
            if (!midStep)
            {
                EndInterrupted();
            }
        }

        private void EndInterrupted()
        {
            if (_state.Checkpoint.Step != _state.Step)
            {
                Checkpoint();
            }

            End(new(true, null));
        }

        private void End(RunOutcome outcome)
        {
            if (_state.Round is { } round)
            {
                _effects.Add(new AbandonRound(round.Id));
            }

            _state = _state with { Outcome = outcome, Round = null };
            Tell(new RunEnded(outcome.Interrupted, outcome.Failure));
            _effects.Add(new EndRun(outcome));
        }

        // ---- leaves ----

        /// <summary>Opens the next round if none is open, and issues every leaf that nobody has.</summary>
        private void Dispatch()
        {
            if (_state.Round is null)
            {
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
            foreach (WorkerState worker in _state.Workers)
            {
                bool stale = worker.IdleRounds >= worker.Patience;
                WorkerState waiting = stale
                    ? worker with { Speed = SpeedSamples.None, IdleRounds = 0, Patience = worker.Patience * 2 }
                    : worker with { IdleRounds = worker.IdleRounds + 1 };
                _state = _state with
                {
                    Workers = _state.Workers.Replace(worker, waiting),
                    CutSpeeds = stale ? _state.CutSpeeds.Remove(worker.Id) : _state.CutSpeeds,
                };
            }
        }

        private void Divide(ImmutableArray<LeafRange> gaps, ImmutableArray<WorkerState> workers)
        {
            int leaves = gaps.Sum(gap => gap.Count);
            int[] loads = [.. workers.Select(w => UncoveredLeaves(_state.Round!, h => h.Worker == w.Id))];
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
        private void RenewCut(int leaves, int[] loads, ImmutableArray<WorkerState> workers)
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
        private static double[] Speeds(ImmutableArray<WorkerState> workers, Func<WorkerState, double> speedOf)
        {
            double[] speeds = [.. workers.Select(speedOf)];
            double known = speeds.Where(s => s > 0).DefaultIfEmpty(1).Average();
            return [.. speeds.Select(s => s > 0 ? s : known)];
        }

        /// <summary>
        /// A leaf of a round with errors goes, by itself, to the least busy worker that has not failed it; a worker alone
        /// may try again. False when the run has ended over it.
        /// </summary>
        private bool TryIssueFailed(int leaf)
        {
            Round round = _state.Round!;
            int FailuresOf(WorkerId worker) => round.Failures.Count(f => f.Worker == worker && f.Leaves.Contains(leaf));
            int most = Available().Count() > 1 ? 1 : settings.Recovery.MaxFailures;
            WorkerState? next = Available()
                .Where(w => FailuresOf(w.Id) < most)
                .MinBy(w => UncoveredLeaves(round, h => h.Worker == w.Id));
            if (next is null)
            {
                End(new(false, $"every worker failed {round.Id}, leaf {leaf}: {round.Failures.Last(f => f.Leaves.Contains(leaf)).Error}"));
                return false;
            }

            Issue(next.Id, new(leaf, 1));
            return true;
        }

        private void Issue(WorkerId id, LeafRange leaves)
        {
            Round round = _state.Round!;
            WorkerState worker = Find(id)!;
            bool idle = !round.Holdings.Any(h => h.Worker == id);
            _state = _state with
            {
                Workers = _state.Workers.Replace(worker, worker with
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
        private void Drop(Predicate<Holding> which, WorkerId from, string reason)
        {
            if (_state.Round is not { Taking: false } round)
            {
                return;
            }

            int leaves = UncoveredLeaves(round, h => which(h) && h.Live);
            SetRound(round with { Holdings = round.Holdings.RemoveAll(which) });
            Reissued(from, leaves, reason);
        }

        private void Reissued(WorkerId from, int leaves, string reason)
        {
            if (leaves > 0)
            {
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
        private IEnumerable<WorkerState> Available() =>
            _state.Workers.Any(w => !w.Late) ? _state.Workers.Where(w => !w.Late) : _state.Workers;

        private WorkerState? Find(WorkerId worker) => _state.Workers.FirstOrDefault(w => w.Id == worker);

        private ShardTree TreeOf(Round round) => settings.TreeOf(round.Id.Kind);

        private void SetRound(Round round) => _state = _state with { Round = round };

        private void Tell(RunEvent runEvent) => _effects.Add(new Publish(runEvent with { At = now }));

        private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
    }
}
