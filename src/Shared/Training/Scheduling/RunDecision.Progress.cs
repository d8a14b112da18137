namespace NnCluster.Training;

/// <summary>Steps, evaluations, checkpoints and the end of the run.</summary>
internal sealed partial class RunDecision
{
    private void OnStepTaken(StepTaken taken)
    {
        TimeSpan spent = now - OpenRound.StartedAt;
        PublishRecovered(OpenRound, taken.Step);
        bool isFirst = _state.StepTimes.Latest.IsEmpty;
        _state = _state with
        {
            Round = null,
            Step = taken.Step,
            TrainTime = _state.TrainTime + spent,
            StepTimes = _state.StepTimes.With(spent.TotalSeconds),
        };
        if (taken.Diagnosis is not null)
        {
            End(RunOutcome.Failed(RunFailureCause.NotFinite, taken.Diagnosis));
            return;
        }

        if (isFirst)
        {
            Publish(new FirstStepTaken(taken.Step));
        }

        if (taken.Step >= settings.StopAfter)
        {
            _state = _state with { Stopping = true };
        }

        bool epochEnded = _state.Epochs < settings.EpochEnds.Length && settings.EpochEnds[_state.Epochs] <= _state.Step;
        if (epochEnded)
        {
            int epochs = settings.EpochsThrough(_state.Step);
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
        TimeSpan since = now - _state.Checkpoint.At;
        bool due = settings.CheckpointEvery is { } steps
            ? _state.Step % steps == 0
            : since >= settings.CheckpointInterval || (epochEnded && since * settings.CheckpointShare >= _state.CheckpointTook);
        if (due || _state.Step >= settings.TotalSteps)
        {
            Checkpoint();
        }
    }

    private void Checkpoint()
    {
        _state = _state with { Checkpoint = (now, _state.Step) };
        _effects.Add(new WriteCheckpoint(_state.Step, _state.Selection));
    }

    private void PublishRecovered(Round round, long step)
    {
        if (round.Reassigned > 0)
        {
            Publish(new ShardsRecovered(step, round.Reassigned));
        }
    }

    private void OnEvaluationTaken(EvaluationTaken taken)
    {
        PublishRecovered(OpenRound, _state.Step);
        _state = _state with
        {
            EvaluationTimes = _state.EvaluationTimes.With((now - OpenRound.StartedAt).TotalSeconds),
            Round = null,
            Evaluations = _state.Evaluations.Remove(taken.Round.Kind),
            Test = taken.Round.Kind == RoundKind.Test ? taken.Result : _state.Test,
            Validation = taken.Round.Kind == RoundKind.Validation ? taken.Result : _state.Validation,
        };
        if (!_state.Evaluations.IsEmpty)
        {
            return;
        }

        Select();
        _effects.Add(new ReportEpoch(_state.Epochs, _state.Test!, _state.Validation));
        double accuracy = (_state.Validation ?? _state.Test)!.Accuracy;
        bool isComplete = _state.Step >= settings.TotalSteps;
        bool reachesTarget = accuracy >= settings.TargetAccuracy;
        bool stopsEarly = _state.Selection.Later >= settings.Selection?.Patience;
        if (stopsEarly && !isComplete && _state.Selection.Best is { } best)
        {
            Publish(new StoppedEarly(_state.Epochs, _state.Step, best.Epoch, best.Step));
        }

        if (!isComplete && (reachesTarget || stopsEarly) && _state.Checkpoint.Step != _state.Step)
        {
            Checkpoint();
        }

        if (isComplete || reachesTarget || stopsEarly)
        {
            End(RunOutcome.Completed);
        }
    }

    private void Select()
    {
        if (settings.Selection is not { } selection || _state.Validation is not { } validation)
        {
            return;
        }

        SelectionState before = _state.Selection;
        _state = _state with { Selection = before.After(new(_state.Epochs, _state.Step, _state.Test!, validation)) };
        if (selection.KeepBest && _state.Selection.Best != before.Best)
        {
            _effects.Add(new KeepModelState(_state.Step));
        }
    }

    private void OnStopRequested()
    {
        _state = _state with { Stopping = true };
        bool isMidStep = _state.Round is { Id.Kind: RoundKind.Gradient } && !_state.Paused;
        if (!isMidStep)
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
        _effects.Add(new EndRun(outcome));
    }
}
