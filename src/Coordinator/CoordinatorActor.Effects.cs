using Akka.Actor;
using NnCluster.Link;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Carries out the effects that the state machine decides.</summary>
internal sealed partial class CoordinatorActor
{
    private void Perform(RunEffect effect, SubtreeComputed? arrived)
    {
        switch (effect)
        {
            case AssignShards assign:
                Assign(assign);
                break;
            case AcceptResult accept:
                Accept(accept.Subtree, arrived);
                break;
            case DropResult:
                arrived?.Sum.Release();
                break;
            case TakeStep:
                ApplyStep();
                break;
            case TakeEvaluation take:
                ReduceEvaluation(take.Round);
                break;
            case AbandonRound abandon:
                _sums[abandon.Round.Kind].Clear();
                _clock.Clear();
                break;
            case WriteCheckpoint write:
                StoreCheckpoint(write.Selection);
                break;
            case KeepModelState:
                _setup.State.KeepModelState();
                break;
            case ReportEpoch report:
                Report(report);
                break;
            case RefuseParticipant refuse:
                Refuse(refuse);
                break;
            case Publish publish:
                Publish(publish.Event);
                break;
            case EndRun:
                EndIfSettled();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(effect), effect, null);
        }
    }

    private void StoreCheckpoint(SelectionState selection)
    {
        if (_setup.Checkpoints is { } checkpoints)
        {
            _checkpointsInFlight++;
            checkpoints.WriteAsync(_setup.State, selection).PipeTo(Self);
        }
    }

    private void Assign(AssignShards assign)
    {
        if (_workers.TryGetValue(assign.Participant, out IActorRef? worker))
        {
            long started = _setup.Time.GetTimestamp();
            worker.Tell(new ComputeShards(assign.Round, assign.Shards, _setup.State.ModelState.Share()));
            if (assign.Round.Kind == RoundKind.Gradient)
            {
                _clock.AddAssignment(_setup.Time.GetElapsedTime(started));
            }
        }
    }

    private void Refuse(RefuseParticipant refuse)
    {
        IActorRef worker = _workers[refuse.Participant];
        if (_remote.ContainsKey(refuse.Participant))
        {
            // The closed link then reports RemoteNodeGone.
            worker.Tell(new CloseLink(refuse.Reason, GoodbyeKind.Refused));
        }
        else
        {
            _workers.Remove(refuse.Participant);
            _local.Remove(refuse.Participant);
            Context.Unwatch(worker);
            Context.Stop(worker);
        }
    }

    private void Accept(SubtreeId subtree, SubtreeComputed? arrived)
    {
        SubtreeComputed result = arrived ?? throw new InvalidOperationException($"No sum arrived with the input that accepts {subtree}.");
        _sums[result.Round.Kind].Put(subtree, result.Sum);
        ReductionTree tree = _setup.Settings.Trees.Of(result.Round.Kind);
        ShardRange shards = tree.ShardsOf(subtree);
        (long doneShards, long doneRows, TimeSpan computing) = _progress.GetValueOrDefault(result.Participant);
        _progress[result.Participant] = (doneShards + shards.Count, doneRows + tree.RowsOf(shards), computing + (result.ComputeTime ?? TimeSpan.Zero));
        if (result.Round.Kind == RoundKind.Gradient)
        {
            _clock.AddSum(result);
        }

        if (_remote.TryGetValue(result.Participant, out AddRemoteNode? remote))
        {
            _remoteWorkersUsed[remote.Name] = remote.Workers;
        }
    }

    private void ApplyStep()
    {
        if (_setup.Settings.EpochStart(_setup.State.Step + 1) == _setup.State.Step)
        {
            _setup.State.CountActiveUnits();
        }

        SubtreeSums sums = _sums[RoundKind.Gradient];
        StepReport report = _setup.State.TakeStep(sums);
        sums.Clear();
        TimeSpan now = Now;
        TimeSpan started = _state.Round?.StartedAt ?? _lastStepAt;
        _lastStepAt = now;
        if (report.Diagnosis is null)
        {
            _means.Add(report.Loss, report.Accuracy);
            double epoch = (double)report.Step * _setup.Settings.Trees.Minibatch.Rows / _setup.Workers.Data.Train.Rows;
            TimeSpan took = now - started;
            Publish(new StepCompleted(report.Step, epoch, report.Loss, report.Accuracy, report.LearningRate, report.GradientNorm, took.TotalSeconds)
            {
                At = now,
                Phases = _clock.End(took, _setup.State.StepTimes.Reducing, _setup.State.StepTimes.Updating),
            });
        }

        _inputs.Enqueue((new StepTaken(report.Step, report.Diagnosis), null));
    }

    private void ReduceEvaluation(RoundId round)
    {
        SubtreeSums sums = _sums[round.Kind];
        float[] metrics = new float[_setup.Layout.EvaluationLength];
        sums.SumInto(0, metrics, new float[sums.ScratchLength(metrics.Length)]);
        sums.Clear();
        int rows = _setup.Settings.Trees.Of(round.Kind).Rows;
        double accuracy = _setup.Workers.Data.Classes > 0 ? metrics[1] / (double)rows : double.NaN;
        _inputs.Enqueue((new EvaluationTaken(round, new(metrics[0] / (double)rows, accuracy, rows)), null));
    }

    private void Report(ReportEpoch report)
    {
        (float loss, float accuracy) = _means.Reset();
        float? deadUnits = _setup.State.DeadUnitsSince(_setup.Settings.EpochStart(_state.Step));
        double trainSeconds = _state.TrainTime.TotalSeconds;
        _lastEpoch = new(report.Epoch, _state.Step, loss, accuracy, report.Test, report.Validation, deadUnits, trainSeconds) { At = Now };
        Publish(_lastEpoch);
    }

    private void PublishProgress()
    {
        TimeSpan now = Now;
        if (now - _progressPublishedAt < ProgressInterval)
        {
            return;
        }

        _progressPublishedAt = now;
        foreach ((ParticipantId worker, (long shards, long rows, TimeSpan computing)) in _progress)
        {
            Publish(new ParticipantProgress(worker.Name, shards, rows) { At = now, ComputeSeconds = computing.TotalSeconds });
        }

        _progress.Clear();
    }

    private void Publish(RunEvent runEvent)
    {
        foreach (IRunObserver observer in _setup.Observers)
        {
            try
            {
                observer.Observe(runEvent);
            }
            catch (RunDirectoryException e)
            {
                _inputs.Enqueue((new RunAborted(RunFailureCause.FileNotWritten, e.Message), null));
            }
        }
    }
}
