using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>What the run decides becomes messages, sums and events.</summary>
public sealed partial class CoordinatorActor
{
    private void Perform(RunEffect effect)
    {
        switch (effect)
        {
            case AssignShards assign:
                Assign(assign);
                break;
            case AcceptResult accept:
                Accept(accept.Subtree);
                break;
            case DropResult:
                _arrived?.Sum.Release();
                break;
            case TakeStep:
                ApplyStep();
                break;
            case TakeEvaluation take:
                AddUpEvaluation(take.Round);
                break;
            case AbandonRound abandon:
                _sums[abandon.Round.Kind].Clear();
                break;
            case WriteCheckpoint:
                _setup.Checkpoints?.Begin(_setup.State);
                break;
            case ReportEpoch report:
                Report(report);
                break;
            case RefuseParticipant refuse:
                Refuse(refuse);
                break;
            case Publish publish:
                Tell(publish.Event);
                break;
            case EndRun end:
                EndWith(end.Outcome);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(effect), effect, null);
        }
    }

    private void Assign(AssignShards assign)
    {
        if (_workers.TryGetValue(assign.Participant, out IActorRef? worker))
        {
            RefCountedBuffer parameters = _setup.State.Parameters.Share();
            worker.Tell(assign.Round.Kind == RoundKind.Gradient
                ? new ComputeGradient(assign.Round, assign.Shards, parameters)
                : new ComputeEvaluation(assign.Round, assign.Shards, parameters));
        }
    }

    private void Refuse(RefuseParticipant refuse)
    {
        IActorRef worker = _workers[refuse.Participant];
        if (_remote.ContainsKey(refuse.Participant))
        {
            // The rest follows from the end of the link.
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

    private void Accept(SubtreeId subtree)
    {
        SubtreeResult result = _arrived ?? throw new InvalidOperationException($"Nothing has arrived that could be put at {subtree}.");
        _sums[result.Round.Kind].Put(subtree, result.Sum);
        ReductionTree tree = _setup.Settings.TreeOf(result.Round.Kind);
        ShardRange shards = tree.ShardsOf(subtree);
        (long doneShards, long doneRows) = _progress.GetValueOrDefault(result.Participant);
        _progress[result.Participant] = (doneShards + shards.Count, doneRows + tree.RowsOf(shards));
        if (_remote.TryGetValue(result.Participant, out AddRemoteNode? remote))
        {
            _slotsUsed[remote.Name] = remote.Workers;
        }
    }

    private void ApplyStep()
    {
        if (EndOf(_state.Epochs) == _setup.State.Step)
        {
            _setup.State.CountActiveUnits();
        }

        SubtreeSums sums = _sums[RoundKind.Gradient];
        StepReport report = _setup.State.TakeStep(sums);
        sums.Clear();
        TimeSpan now = Now;
        TimeSpan began = _state.Round?.StartedAt ?? _stepBegan;
        _stepBegan = now;
        if (report.Diagnosis is null)
        {
            _means.Add(report);
            double epoch = (double)report.Step * _setup.Settings.Minibatch.Rows / _setup.Workers.Data.Train.Rows;
            Tell(new StepCompleted(report.Step, epoch, report.Loss, report.Accuracy, report.LearningRate, report.GradientNorm, (now - began).TotalSeconds) { At = now });
        }

        _inputs.Enqueue(new StepTaken(report.Step, report.Diagnosis));
    }

    private void AddUpEvaluation(RoundId round)
    {
        SubtreeSums sums = _sums[round.Kind];
        float[] metrics = new float[_setup.Layout.EvaluationLength];
        sums.SumInto(0, metrics, new float[sums.ScratchLength(metrics.Length)]);
        sums.Clear();
        int rows = _setup.Settings.TreeOf(round.Kind).Rows;
        double accuracy = _setup.Workers.Data.Classes > 0 ? metrics[1] / (double)rows : double.NaN;
        _inputs.Enqueue(new EvaluationTaken(round, new(metrics[0] / (double)rows, accuracy, rows)));
    }

    private void Report(ReportEpoch report)
    {
        (float loss, float accuracy) = _means.Take();
        _lastEpoch = new EpochCompleted(
            report.Epoch, _state.Step, loss, accuracy, report.Test, report.Validation, _setup.State.DeadUnitsSince(EndOf(report.Epoch - 1)), _state.TrainTime.TotalSeconds)
        { At = Now };
        Tell(_lastEpoch);
    }

    private long EndOf(int epochs) => epochs > 0 ? _setup.Settings.EpochEnds[epochs - 1] : 0;

    private void TellProgress()
    {
        TimeSpan now = Now;
        if (now - _progressTold < ProgressInterval)
        {
            return;
        }

        _progressTold = now;
        foreach ((ParticipantId worker, (long shards, long rows)) in _progress)
        {
            Tell(new ParticipantProgress(worker.Name, shards, rows) { At = now });
        }

        _progress.Clear();
    }

    private void Tell(RunEvent runEvent)
    {
        foreach (IRunObserver observer in _setup.Observers)
        {
            try
            {
                observer.Observe(runEvent);
            }
            catch (RunDirectoryException e)
            {
                _inputs.Enqueue(new RunAborted(e.Message));
            }
        }
    }
}
