using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Writes run events as lines of <c>metrics.jsonl</c> and <c>events.jsonl</c>; <see cref="RunEventParser"/> reads them back,
/// docs/files.md describes them. <c>type</c> is always the first property. NaN and infinities, which JSON lacks, are
/// written as null.
/// </summary>
internal static class RunEventJson
{
    /// <summary>Type of the first line of <c>metrics.jsonl</c>.</summary>
    public const string HeaderType = "header";

    /// <summary>Type of the first line of every term in <c>events.jsonl</c>.</summary>
    public const string StartType = "runStarted";

    /// <summary>Writes the first line of <c>metrics.jsonl</c>.</summary>
    public static void WriteHeader(Utf8JsonWriter json)
    {
        Begin(json, HeaderType);
        json.WriteNumber("formatVersion"u8, FormatVersion.Lines);
        json.WriteEndObject();
    }

    /// <summary>Writes a step as a line of <c>metrics.jsonl</c>.</summary>
    public static void WriteStep(Utf8JsonWriter json, StepCompleted step)
    {
        Begin(json, "step");
        json.WriteNumber("step"u8, step.Step);
        WriteFinite(json, "epoch"u8, step.Epoch);
        WriteFinite(json, "loss"u8, step.Loss);
        WriteFinite(json, "batchAccuracy"u8, step.BatchAccuracy);
        WriteFinite(json, "learningRate"u8, step.LearningRate);
        WriteFinite(json, "gradientNorm"u8, step.GradientNorm);
        WriteFinite(json, "seconds"u8, step.Seconds);
        json.WriteEndObject();
    }

    /// <summary>Writes an evaluation as a line of <c>metrics.jsonl</c>.</summary>
    public static void WriteEpoch(Utf8JsonWriter json, EpochCompleted epoch)
    {
        Begin(json, "epoch");
        json.WriteNumber("epoch"u8, epoch.Epoch);
        json.WriteNumber("step"u8, epoch.Step);
        WriteFinite(json, "testAccuracy"u8, epoch.Test.Accuracy);
        WriteFinite(json, "testLoss"u8, epoch.Test.Loss);
        json.WriteNumber("testRows"u8, epoch.Test.Rows);
        WriteFinite(json, "trainLoss"u8, epoch.TrainLoss);
        WriteFinite(json, "trainAccuracy"u8, epoch.TrainAccuracy);
        if (epoch.Validation is EvaluationResult validation)
        {
            WriteFinite(json, "validationAccuracy"u8, validation.Accuracy);
            WriteFinite(json, "validationLoss"u8, validation.Loss);
            json.WriteNumber("validationRows"u8, validation.Rows);
        }

        if (epoch.DeadUnits is float deadUnits)
        {
            WriteFinite(json, "deadUnits"u8, deadUnits);
        }

        WriteFinite(json, "trainSeconds"u8, epoch.TrainSeconds);
        json.WriteEndObject();
    }

    /// <summary>Writes any other event as a line of <c>events.jsonl</c>.</summary>
    /// <param name="json">The line.</param>
    /// <param name="runEvent">The event.</param>
    /// <param name="timeUtc">Time of the event by the system's clock.</param>
    public static void WriteEvent(Utf8JsonWriter json, RunEvent runEvent, DateTime timeUtc)
    {
        Begin(json, TypeOf(runEvent));
        json.WriteNumber("elapsedSeconds"u8, Math.Round(runEvent.At.TotalSeconds, 6));
        json.WriteString("timeUtc"u8, timeUtc);
        switch (runEvent)
        {
            case RunStarted started:
                WriteStarted(json, started);
                break;
            case ParticipantJoined joined:
                json.WriteString("participant"u8, joined.Participant);
                break;
            case ParticipantLost lost:
                json.WriteString("participant"u8, lost.Participant);
                WriteCause(json, lost.Cause, lost.Reason);
                break;
            case ShardsReassigned reassigned:
                json.WriteNumber("step"u8, reassigned.Step);
                json.WriteNumber("shards"u8, reassigned.Shards);
                json.WriteString("from"u8, reassigned.From);
                WriteCause(json, reassigned.Cause, reassigned.Reason);
                break;
            case ShardsRecovered recovered:
                json.WriteNumber("step"u8, recovered.Step);
                json.WriteNumber("shards"u8, recovered.Shards);
                break;
            case FirstStepTaken first:
                json.WriteNumber("step"u8, first.Step);
                break;
            case StoppedEarly stopped:
                json.WriteNumber("epoch"u8, stopped.Epoch);
                json.WriteNumber("step"u8, stopped.Step);
                json.WriteNumber("bestEpoch"u8, stopped.BestEpoch);
                json.WriteNumber("bestStep"u8, stopped.BestStep);
                break;
            case CheckpointWritten checkpoint:
                json.WriteNumber("step"u8, checkpoint.Step);
                json.WriteString("path"u8, checkpoint.Path);
                WriteFinite(json, "seconds"u8, checkpoint.Seconds ?? double.NaN);
                break;
            case CheckpointFailed failed:
                json.WriteNumber("step"u8, failed.Step);
                json.WriteString("reason"u8, failed.Reason);
                break;
            case RunPaused paused:
                json.WriteNumber("workers"u8, paused.Workers);
                json.WriteNumber("needed"u8, paused.Needed);
                break;
            case RunContinued continued:
                json.WriteNumber("workers"u8, continued.Workers);
                break;
            case ParticipantProgress progress:
                json.WriteString("participant"u8, progress.Participant);
                json.WriteNumber("shards"u8, progress.Shards);
                json.WriteNumber("rows"u8, progress.Rows);
                json.WriteNumber("computeSeconds"u8, progress.ComputeSeconds);
                break;
            case RunEnded ended:
                json.WriteString("outcome"u8, EnumNames<RunOutcomeKind>.Of(ended.Outcome));
                json.WriteNumber("step"u8, ended.Step);
                json.WriteString("reason"u8, ended.Reason);
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Type of the line of an event.</summary>
    /// <exception cref="ArgumentException">Events of this type have no line.</exception>
    public static string TypeOf(RunEvent runEvent) => runEvent switch
    {
        StepCompleted => "step",
        EpochCompleted => "epoch",
        RunStarted => StartType,
        ParticipantJoined => "participantJoined",
        ParticipantLost => "participantLost",
        ShardsReassigned => "shardsReassigned",
        ShardsRecovered => "shardsRecovered",
        FirstStepTaken => "firstStepApplied",
        StoppedEarly => "stoppedEarly",
        CheckpointWritten => "checkpointWritten",
        CheckpointFailed => "checkpointFailed",
        RunPaused => "runPaused",
        RunContinued => "runContinued",
        ParticipantProgress => "participantProgress",
        RunEnded => "runEnded",
        _ => throw new ArgumentException($"Events of type {runEvent.GetType().Name} have no line.", nameof(runEvent)),
    };

    private static void WriteStarted(Utf8JsonWriter json, RunStarted started)
    {
        json.WriteNumber("formatVersion"u8, FormatVersion.Lines);
        json.WriteString("name"u8, started.Name);
        json.WriteString("runId"u8, started.RunId);
        json.WriteNumber("term"u8, started.Term);
        if (started.ResumedFromStep is { } step)
        {
            json.WriteNumber("resumedFromStep"u8, step);
        }
        else
        {
            json.WriteNull("resumedFromStep"u8);
        }

        json.WriteNumber("parameters"u8, started.Parameters);
        json.WriteNumber("totalSteps"u8, started.TotalSteps);
        json.WriteNumber("epochs"u8, started.Epochs);
        json.WriteNumber("batchSize"u8, started.BatchSize);
        json.WriteNumber("shards"u8, started.Shards);
        json.WriteString("blas"u8, started.Blas);
        json.WriteNumber("seed"u8, started.Seed);
    }

    private static void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type);
    }

    private static void WriteCause<TCause>(Utf8JsonWriter json, TCause cause, string reason)
        where TCause : struct, Enum
    {
        json.WriteString("cause"u8, EnumNames<TCause>.Of(cause));
        json.WriteString("reason"u8, reason);
    }

    private static void WriteFinite(Utf8JsonWriter json, ReadOnlySpan<byte> name, float value)
    {
        if (float.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteFinite(Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
