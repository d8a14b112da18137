using System.Diagnostics;
using NnCluster.Telemetry;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Feeds the instruments of <see cref="RunMeter"/>, and its spans, with the events of a run.</summary>
/// <param name="minibatchRows">Rows of a minibatch.</param>
/// <param name="startedAt">Time of day of the start of the term, from which the events count.</param>
internal sealed class RunTelemetry(int minibatchRows, DateTimeOffset startedAt) : IRunObserver
{
    private static readonly string[] States = ["waiting", "training", "paused", "completed", "interrupted", "failed"];

    private readonly HashSet<string> _participants = [];
    private string _state = "";
    private Activity? _run;
    private TimeSpan _epochStartedAt;

    /// <inheritdoc/>
    public void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepCompleted step:
                Observe(step);
                break;
            case ParticipantProgress progress:
                Observe(progress);
                break;
            case EpochCompleted epoch:
                Observe(epoch);
                break;
            case RunStarted started:
                Observe(started);
                break;
            case ParticipantJoined joined:
                _participants.Add(joined.Participant);
                RunMeter.Participants.Record(_participants.Count);
                break;
            case ParticipantLost lost:
                _participants.Remove(lost.Participant);
                RunMeter.Participants.Record(_participants.Count);
                RunMeter.Lost.Add(1, Tag("cause", SnakeCase(lost.Cause)));
                break;
            case ShardsReassigned reassigned:
                RunMeter.Reassigned.Add(reassigned.Shards, Tag("cause", SnakeCase(reassigned.Cause)));
                break;
            case CheckpointWritten written:
                Observe(written);
                break;
            case CheckpointFailed:
                RunMeter.CheckpointFailures.Add(1);
                break;
            case RunPaused:
                SetState("paused");
                break;
            case RunContinued or FirstStepTaken:
                SetState("training");
                break;
            case RunEnded ended:
                SetState(SnakeCase(ended.Outcome));
                _run?.SetTag("outcome", SnakeCase(ended.Outcome)).SetTag("step", ended.Step);
                _run?.SetEndTime((startedAt + ended.At).UtcDateTime).Dispose();
                break;
        }
    }

    /// <summary>The name of a cause or an outcome in metrics, such as <c>timed_out</c>.</summary>
    internal static string SnakeCase<T>(T value)
        where T : struct, Enum => string.Concat($"{value}".Select((c, index) => char.IsUpper(c) ? (index > 0 ? "_" : "") + char.ToLowerInvariant(c) : $"{c}"));

    private static void Observe(ParticipantProgress progress)
    {
        KeyValuePair<string, object?> participant = Tag("participant", progress.Participant);
        RunMeter.ParticipantShards.Add(progress.Shards, participant);
        RunMeter.ParticipantRows.Add(progress.Rows, participant);
        RunMeter.ParticipantBusy.Add(progress.ComputeSeconds, participant);
    }

    private static void Record(string rows, double loss, double accuracy)
    {
        RunMeter.Loss.Record(loss, Tag("rows", rows));
        if (double.IsFinite(accuracy))
        {
            RunMeter.Accuracy.Record(accuracy, Tag("rows", rows));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private void Observe(RunStarted started)
    {
        RunMeter.Info.Record(1, Tag("run", started.Name), Tag("run_id", started.RunId), Tag("term", started.Term), Tag("blas", started.Blas));
        RunMeter.PlannedSteps.Record(started.TotalSteps);
        RunMeter.Step.Record(started.ResumedFromStep ?? 0);
        if (started.ResumedFromStep is { } step)
        {
            RunMeter.CheckpointStep.Record(step);
        }

        // Counters exist from the start: the first loss is an increase that an alert can see.
        RunMeter.CheckpointFailures.Add(0);
        Array.ForEach(Enum.GetValues<LossCause>(), cause => RunMeter.Lost.Add(0, Tag("cause", SnakeCase(cause))));
        Array.ForEach(Enum.GetValues<ReassignCause>(), cause => RunMeter.Reassigned.Add(0, Tag("cause", SnakeCase(cause))));
        SetState("waiting");
        _run = RunMeter.Activities.CreateActivity("run", ActivityKind.Internal)?.SetStartTime(startedAt.UtcDateTime).Start();
        _run?.SetTag("run", started.Name).SetTag("run_id", started.RunId).SetTag("term", started.Term);
    }

    private void Observe(StepCompleted step)
    {
        RunMeter.Step.Record(step.Step);
        RunMeter.Epoch.Record(step.Epoch);
        RunMeter.Rows.Add(minibatchRows);
        RunMeter.StepDuration.Record(step.Seconds);
        RunMeter.LearningRate.Record(step.LearningRate);
        RunMeter.GradientNorm.Record(step.GradientNorm);
        Record("minibatch", step.Loss, step.BatchAccuracy);
        if (RunMeter.Phases.Enabled)
        {
            foreach ((string phase, double seconds) in step.Phases.ByName)
            {
                RunMeter.Phases.Add(seconds, Tag("phase", phase));
            }
        }
    }

    private void Observe(EpochCompleted epoch)
    {
        Record("train", epoch.TrainLoss, epoch.TrainAccuracy);
        Record("test", epoch.Test.Loss, epoch.Test.Accuracy);
        if (epoch.Validation is { } validation)
        {
            Record("validation", validation.Loss, validation.Accuracy);
        }

        Span("epoch", _epochStartedAt, epoch.At)?.SetTag("epoch", epoch.Epoch).SetTag("step", epoch.Step).SetTag("test_loss", epoch.Test.Loss).Dispose();
        _epochStartedAt = epoch.At;
    }

    private void Observe(CheckpointWritten written)
    {
        RunMeter.CheckpointStep.Record(written.Step);
        if (written.Seconds is { } seconds)
        {
            RunMeter.CheckpointDuration.Record(seconds);
            Span("checkpoint", written.At - TimeSpan.FromSeconds(seconds), written.At)?.SetTag("step", written.Step).Dispose();
        }
    }

    /// <summary>A span of the run that is over; null without a listener.</summary>
    private Activity? Span(string name, TimeSpan from, TimeSpan to) => RunMeter.Activities
        .StartActivity(ActivityKind.Internal, _run?.Context ?? default, startTime: startedAt + from, name: name)
        ?.SetEndTime((startedAt + to).UtcDateTime);

    private void SetState(string state)
    {
        if (_state == state)
        {
            return;
        }

        _state = state;
        foreach (string each in States)
        {
            RunMeter.State.Record(each == state ? 1 : 0, Tag("state", each));
        }
    }
}
