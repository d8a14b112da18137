using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>One decision in progress: applies an input to the state and collects the effects.</summary>
internal sealed partial class RunDecision(RunSettings settings, RunState state, TimeSpan now)
{
    private readonly ImmutableArray<RunEffect>.Builder _effects = ImmutableArray.CreateBuilder<RunEffect>(4);
    private RunState _state = state;

    // Callers run only while a round is open.
    private Round OpenRound => _state.Round ?? throw new InvalidOperationException("No round is open.");

    /// <summary>The decision; ends the use of this object.</summary>
    public Transition ToTransition() => new(_state, _effects.DrainToImmutable());

    /// <summary>Applies an input, then pauses or continues the run, then assigns what is unassigned.</summary>
    public void Apply(RunInput input)
    {
        switch (input)
        {
            case ParticipantReady ready:
                OnWorkerReady(ready);
                break;
            case ParticipantGone gone:
                RemoveWorker(gone.Participant, gone.Cause, gone.Reason);
                break;
            case ResultArrived result:
                OnResult(result);
                break;
            case AssignmentFailed failed:
                OnFailure(failed);
                break;
            case StepTaken taken:
                OnStepTaken(taken);
                break;
            case EvaluationTaken taken:
                OnEvaluationTaken(taken);
                break;
            case CheckpointMade made:
                _state = _state with { CheckpointTook = made.Took };
                break;
            case Tick:
                OnTick();
                break;
            case StopRequested:
                OnStopRequested();
                break;
            case RunAborted aborted:
                End(RunOutcome.Failed(aborted.Cause, aborted.Reason));
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

    // ---- participants ----

    private void OnWorkerReady(ParticipantReady ready)
    {
        if (_state.Participants.Find(ready.Participant) is null)
        {
            _state = _state with { Participants = _state.Participants.Add(new() { Id = ready.Participant, Workers = ready.Workers }) };
            Publish(new ParticipantJoined(ready.Participant.Name));
        }
    }

    private void RemoveWorker(ParticipantId id, LossCause cause, string reason)
    {
        if (_state.Participants.Find(id) is null)
        {
            return;
        }

        _state = _state with
        {
            Participants = _state.Participants.Remove(id),
            PartitionSpeeds = _state.PartitionSpeeds.Remove(id),
            WorkersLost = _state.WorkersLost + 1,
        };
        Publish(new ParticipantLost(id.Name, cause, reason));
        Unassign(holding => holding.Participant == id, id, ReassignCause.Lost, reason);
    }

    private void PauseOrContinue()
    {
        bool pause = _state.Workers < settings.WorkersNeeded(_state.HasStarted);
        if (pause == _state.Paused)
        {
            return;
        }

        // Before the first round nothing is interrupted, so there is nothing to announce.
        if (_state.HasStarted)
        {
            Publish(pause
                ? new RunPaused(_state.Workers, settings.MinWorkers)
                : new RunContinued(_state.Workers));
        }

        _state = _state with { Paused = pause };
        if (!pause && _state.Round is { } interrupted)
        {
            // A pause is neither training time nor a sample of a round's duration.
            SetRound(interrupted with { StartedAt = now });
        }

        if (pause && _state.Stopping)
        {
            EndInterrupted();
        }
    }

    // ---- results ----

    private void OnResult(ResultArrived result)
    {
        if (WhyDropped(result) is { } drop)
        {
            _effects.Add(drop);
            _state = _state with { DroppedResults = _state.DroppedResults + 1 };
        }
        else
        {
            _effects.Add(new AcceptResult(result.Subtree));
            SetRound(OpenRound with { Covered = OpenRound.Covered.With(TreeOf(OpenRound).ShardsOf(result.Subtree)) });
        }

        RecordAnswer(result);
        if (_state.Round is { IsReducing: false } round && round.Covered.IsFull)
        {
            SetRound(round with { IsReducing = true, Assignments = [] });
            _effects.Add(round.Id.Kind == RoundKind.Gradient ? new TakeStep(round.Id) : new TakeEvaluation(round.Id));
        }
    }

    /// <summary>Null if the result must be added: its round collects, and none of its shards is covered.</summary>
    private DropResult? WhyDropped(ResultArrived result) =>
        _state.Round is not { IsReducing: false } round || round.Id != result.Round
            ? new(DropCause.OtherRound, $"{result.Round} is not being computed")
        : !TreeOf(round).Holds(result.Subtree) ? new(DropCause.NotInTree, $"{result.Subtree} is not in the tree")
        : round.Covered.Overlaps(TreeOf(round).ShardsOf(result.Subtree)) ? new(DropCause.Duplicate, $"{result.Subtree} is there already")
        : null;

    /// <summary>Takes the subtree out of the participant's assignments; its last one gives a sample of its speed.</summary>
    private void RecordAnswer(ResultArrived result)
    {
        if (_state.Participants.Find(result.Participant) is not { } worker)
        {
            return;
        }

        TimeSpan computeTime = worker.ComputeTime + (result.ComputeTime ?? TimeSpan.Zero);
        Participant answered = worker with { TimedOut = false, Failures = 0, ComputeTime = computeTime };
        if (_state.Round is { } round && round.Id == result.Round)
        {
            round = round with { Assignments = round.Assignments.RemoveAll(h => h.Participant == result.Participant && h.Subtree == result.Subtree) };
            SetRound(round);
            bool isDone = !round.Assignments.Any(h => h.Participant == result.Participant);
            double seconds = (computeTime > TimeSpan.Zero ? computeTime : now - worker.AssignedAt).TotalSeconds;
            if (isDone && worker.AssignedRows > 0 && seconds > 0)
            {
                answered = answered with
                {
                    AssignedRows = 0,
                    Speed = round.Id.Kind == RoundKind.Gradient ? worker.Speed.With(worker.AssignedRows / seconds) : worker.Speed,
                };
            }
        }

        SetWorker(answered);
    }

    private void OnFailure(AssignmentFailed failed)
    {
        if (_state.Participants.Find(failed.Participant) is not { } worker)
        {
            return;
        }

        SetWorker(worker with { TimedOut = false, Failures = worker.Failures + 1 });
        if (_state.Round is { IsReducing: false } round && round.Id == failed.Round)
        {
            SetRound(round with { Failures = round.Failures.Add(new(failed.Participant, failed.Shards, failed.Error)) });
            ReductionTree tree = TreeOf(round);
            Unassign(
                holding => holding.Participant == failed.Participant && failed.Shards.Overlaps(tree.ShardsOf(holding.Subtree)),
                failed.Participant,
                ReassignCause.Failed,
                failed.Error);
        }

        // The last participant is never refused: a fault of the run itself must end with its error, not in a pause.
        if (worker.Failures + 1 >= settings.Recovery.MaxFailures && _state.Participants.Count > 1)
        {
            string reason = $"refused after {worker.Failures + 1} errors in a row: {failed.Error}";
            RemoveWorker(failed.Participant, LossCause.Refused, reason);
            _effects.Add(new RefuseParticipant(failed.Participant, reason));
        }
    }

    private ReductionTree TreeOf(Round round) => settings.Trees.Of(round.Id.Kind);

    private void SetRound(Round round) => _state = _state with { Round = round };

    private void SetWorker(Participant worker) => _state = _state with { Participants = _state.Participants.With(worker) };

    private void Publish(RunEvent runEvent) => _effects.Add(new Publish(runEvent with { At = now }));
}
