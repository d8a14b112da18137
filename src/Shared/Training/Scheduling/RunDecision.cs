using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>One decision in the making: the state changes step by step and the effects are noted.</summary>
internal sealed partial class RunDecision(RunSettings settings, RunState state, TimeSpan now)
{
    private readonly ImmutableArray<RunEffect>.Builder _effects = ImmutableArray.CreateBuilder<RunEffect>(4);
    private RunState _state = state;

    public Transition Made() => new(_state, _effects.DrainToImmutable());

    public void Take(RunInput input)
    {
        switch (input)
        {
            case ParticipantReady ready:
                Join(ready);
                break;
            case ParticipantGone gone:
                Lose(gone.Participant, gone.Reason);
                break;
            case ResultArrived result:
                Receive(result);
                break;
            case ShardsFailed failed:
                Fail(failed);
                break;
            case StepTaken taken:
                FinishStep(taken);
                break;
            case EvaluationTaken taken:
                FinishEvaluation(taken);
                break;
            case CheckpointMade made:
                _state = _state with { CheckpointTook = made.Took };
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

    private void Join(ParticipantReady ready)
    {
        if (Find(ready.Participant) is not null)
        {
            return;
        }

        _state = _state with { Participants = _state.Participants.Add(new() { Id = ready.Participant, Workers = ready.Workers }) };
        Tell(new ParticipantJoined(ready.Participant.Name));
    }

    private void Lose(ParticipantId worker, string reason)
    {
        if (Find(worker) is not { } lost)
        {
            return;
        }

        _state = _state with
        {
            Participants = _state.Participants.Remove(lost),
            PartitionSpeeds = _state.PartitionSpeeds.Remove(worker),
            WorkersLost = _state.WorkersLost + 1,
        };
        Tell(new ParticipantLost(worker.Name, reason));
        Drop(holding => holding.Participant == worker, worker, reason);
    }

    private void PauseOrContinue()
    {
        bool pause = _state.Workers < settings.WorkersNeeded(_state.Begun);
        if (pause == _state.Paused)
        {
            return;
        }

        // Before the first round nothing has been interrupted, so there is nothing to announce.
        if (_state.Begun)
        {
            Tell(pause
                ? new RunPaused(_state.Workers, settings.MinWorkers)
                : new RunContinued(_state.Workers));
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
            : !TreeOf(round).Holds(result.Subtree) ? $"{result.Subtree} is not in the tree"
            : round.Covered.Overlaps(TreeOf(round).ShardsOf(result.Subtree)) ? $"{result.Subtree} is there already"
            : null;
        if (refusal is null)
        {
            ShardRange shards = TreeOf(round!).ShardsOf(result.Subtree);
            _effects.Add(new AcceptResult(result.Subtree));
            SetRound(round! with { Covered = round!.Covered.With(shards) });
        }
        else
        {
            _effects.Add(new DropResult(refusal));
            _state = _state with { DroppedResults = _state.DroppedResults + 1 };
        }

        Answered(result);
        if (_state.Round is { Taking: false } current && current.Covered.IsFull)
        {
            SetRound(current with { Taking = true, Assignments = [] });
            _effects.Add(current.Id.Kind == RoundKind.Gradient ? new TakeStep(current.Id) : new TakeEvaluation(current.Id));
        }
    }

    /// <summary>The worker is alive and has one subtree less to do; with its last one, its speed is known.</summary>
    private void Answered(ResultArrived result)
    {
        if (Find(result.Participant) is not { } worker)
        {
            return;
        }

        Participant answered = worker with { Late = false, Failures = 0, Computing = worker.Computing + (result.Computing ?? TimeSpan.Zero) };
        if (_state.Round is { } round && round.Id == result.Round)
        {
            SetRound(round with
            {
                Assignments = round.Assignments.RemoveAll(h => h.Participant == result.Participant && h.Subtree == result.Subtree),
            });
            bool done = !_state.Round.Assignments.Any(h => h.Participant == result.Participant);
            double seconds = (answered.Computing > TimeSpan.Zero ? answered.Computing : now - worker.AssignedAt).TotalSeconds;
            if (done && worker.AssignedRows > 0 && seconds > 0)
            {
                answered = answered with
                {
                    AssignedRows = 0,
                    Speed = round.Id.Kind == RoundKind.Gradient ? worker.Speed.With(worker.AssignedRows / seconds) : worker.Speed,
                };
            }
        }

        _state = _state with { Participants = _state.Participants.Replace(worker, answered) };
    }

    private void Fail(ShardsFailed failed)
    {
        if (Find(failed.Participant) is not { } worker)
        {
            return;
        }

        _state = _state with
        {
            Participants = _state.Participants.Replace(worker, worker with { Late = false, Failures = worker.Failures + 1 }),
        };
        if (_state.Round is { Taking: false } round && round.Id == failed.Round)
        {
            SetRound(round with { Failures = round.Failures.Add(new(failed.Participant, failed.Shards, failed.Error)) });
            ReductionTree tree = TreeOf(round);
            Drop(
                holding => holding.Participant == failed.Participant && failed.Shards.Overlaps(tree.ShardsOf(holding.Subtree)),
                failed.Participant,
                failed.Error);
        }

        // The last worker stays, so that a fault of the run itself ends with its error and not in a pause.
        if (worker.Failures + 1 >= settings.Recovery.MaxFailures && _state.Participants.Length > 1)
        {
            string reason = $"refused after {worker.Failures + 1} errors in a row: {failed.Error}";
            Lose(failed.Participant, reason);
            _effects.Add(new RefuseParticipant(failed.Participant, reason));
        }
    }

    // ---- lateness ----

    private void PassOverLate()
    {
        if (_state.Paused || _state.Round is not { Taking: false } round || round.Assignments.IsEmpty)
        {
            return;
        }

        RecoveryPolicy policy = settings.Recovery;
        RoundTimes times = round.Id.Kind == RoundKind.Gradient ? _state.StepTimes : _state.EvaluationTimes;
        TimeSpan deadline = times.Median is { } median
            ? Max(policy.MinDeadline, TimeSpan.FromSeconds(median * policy.DeadlineFactor))
            : policy.FirstDeadline;
        ImmutableArray<ParticipantId> late = [.. round.Assignments
            .Where(h => h.Live && now - h.AssignedAt >= deadline)
            .Select(h => h.Participant)
            .Distinct()];
        foreach (ParticipantId worker in late)
        {
            PassOver(worker, deadline);
        }

        if (times.Median is { } typical)
        {
            Duplicate(Max(policy.MinStraggler, TimeSpan.FromSeconds(typical * policy.StragglerFactor)));
        }
    }

    /// <summary>
    /// A worker that let the deadline pass loses its shards to those that answer. Where nobody else answers either it
    /// keeps them for several deadlines more, and is then asked again: its answer may have been lost.
    /// </summary>
    private void PassOver(ParticipantId id, TimeSpan deadline)
    {
        Round round = _state.Round!;
        Participant? worker = Find(id);
        bool others = _state.Participants.Any(other => other.Id != id && !other.Late);
        TimeSpan timeout = others ? deadline : deadline * settings.Recovery.LastResortFactor;
        bool Lost(Assignment holding) => holding.Participant == id && holding.Live && now - holding.AssignedAt >= timeout;
        if (worker is null || !round.Assignments.Any(Lost))
        {
            return;
        }

        _state = _state with { Participants = _state.Participants.Replace(worker, worker with { Late = true }) };
        int shards = UncoveredShards(round, Lost);
        SetRound(round with { Assignments = [.. round.Assignments.Select(h => Lost(h) ? h with { Live = false } : h)] });
        Reassigned(id, shards, $"no answer within {timeout.TotalMilliseconds:0} ms");
    }

    /// <summary>Gives the shards of stragglers to workers that have nothing to do, as well.</summary>
    private void Duplicate(TimeSpan timeout)
    {
        Round round = _state.Round!;
        ReductionTree tree = TreeOf(round);
        var idle = new Queue<ParticipantId>(_state.Participants
            .Where(w => !w.Late && !round.Assignments.Any(h => h.Participant == w.Id))
            .Select(w => w.Id));
        foreach (Assignment holding in round.Assignments)
        {
            if (idle.Count == 0)
            {
                return;
            }

            ShardRange shards = tree.ShardsOf(holding.Subtree);
            if (holding is { Live: true, Duplicated: false } && now - holding.AssignedAt >= timeout && !round.Covered.Overlaps(shards))
            {
                SetRound(_state.Round! with { Assignments = _state.Round!.Assignments.Replace(holding, holding with { Duplicated = true }) });
                Assign(idle.Dequeue(), shards);
                Reassigned(holding.Participant, shards.Count, $"slower than {timeout.TotalMilliseconds:0} ms");
            }
        }
    }
}
