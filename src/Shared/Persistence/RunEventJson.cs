using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Run events as JSON objects, camelCase. NaN and infinities, which JSON lacks, are written as null: every JSON reader
/// takes it, and data-frame libraries read it back as a missing number.
/// </summary>
internal static class RunEventJson
{
    public static void WriteStep(Utf8JsonWriter json, StepCompleted step)
    {
        json.WriteStartObject();
        json.WriteNumber("step"u8, step.Step);
        WriteFinite(json, "epoch"u8, step.Epoch);
        WriteFinite(json, "loss"u8, step.Loss);
        WriteFinite(json, "batchAccuracy"u8, step.BatchAccuracy);
        WriteFinite(json, "learningRate"u8, step.LearningRate);
        WriteFinite(json, "gradientNorm"u8, step.GradientNorm);
        WriteFinite(json, "seconds"u8, step.Seconds);
        json.WriteEndObject();
    }

    public static void WriteEpoch(Utf8JsonWriter json, EpochCompleted epoch)
    {
        json.WriteStartObject();
        json.WriteNumber("epoch"u8, epoch.Epoch);
        json.WriteNumber("step"u8, epoch.Step);
        WriteFinite(json, "testAccuracy"u8, epoch.Test.Accuracy);
        WriteFinite(json, "testLoss"u8, epoch.Test.Loss);
        WriteFinite(json, "trainLoss"u8, epoch.TrainLoss);
        WriteFinite(json, "trainAccuracy"u8, epoch.TrainAccuracy);
        if (epoch.Validation is EvaluationResult validation)
        {
            WriteFinite(json, "validationAccuracy"u8, validation.Accuracy);
            WriteFinite(json, "validationLoss"u8, validation.Loss);
        }

        if (epoch.DeadUnits is float deadUnits)
        {
            WriteFinite(json, "deadUnits"u8, deadUnits);
        }

        WriteFinite(json, "trainSeconds"u8, epoch.TrainSeconds);
        json.WriteEndObject();
    }

    /// <summary>Any other event: its name, when it happened in seconds since the start and by the clock on the wall, and its fields.</summary>
    public static void WriteEvent(Utf8JsonWriter json, RunEvent runEvent, DateTime time)
    {
        json.WriteStartObject();
        json.WriteString("event"u8, Name(runEvent));
        json.WriteNumber("at"u8, Math.Round(runEvent.At.TotalSeconds, 6));
        json.WriteString("time"u8, time);
        switch (runEvent)
        {
            case RunStarted started:
                json.WriteString("name"u8, started.Name);
                json.WriteNumber("parameters"u8, started.Parameters);
                json.WriteNumber("totalSteps"u8, started.TotalSteps);
                json.WriteNumber("epochs"u8, started.Epochs);
                json.WriteNumber("batchSize"u8, started.BatchSize);
                json.WriteNumber("shards"u8, started.Shards);
                json.WriteString("blas"u8, started.Blas);
                json.WriteNumber("seed"u8, started.Seed);
                break;
            case ParticipantJoined joined:
                json.WriteString("participant"u8, joined.Participant);
                break;
            case ParticipantLost lost:
                json.WriteString("participant"u8, lost.Participant);
                json.WriteString("reason"u8, lost.Reason);
                break;
            case ShardsReassigned reassigned:
                json.WriteNumber("step"u8, reassigned.Step);
                json.WriteNumber("shards"u8, reassigned.Shards);
                json.WriteString("from"u8, reassigned.From);
                json.WriteString("reason"u8, reassigned.Reason);
                break;
            case ShardsRecovered recovered:
                json.WriteNumber("step"u8, recovered.Step);
                json.WriteNumber("shards"u8, recovered.Shards);
                break;
            case FirstStepTaken first:
                json.WriteNumber("step"u8, first.Step);
                break;
            case CheckpointWritten checkpoint:
                json.WriteNumber("step"u8, checkpoint.Step);
                json.WriteString("path"u8, checkpoint.Path);
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
                break;
            case RunEnded ended:
                json.WriteBoolean("interrupted"u8, ended.Interrupted);
                json.WriteString("failure"u8, ended.Failure);
                break;
            default:
                throw new ArgumentException($"Events of type {runEvent.GetType().Name} have no JSON form here.", nameof(runEvent));
        }

        json.WriteEndObject();
    }

    private static string Name(RunEvent runEvent) => JsonNamingPolicy.CamelCase.ConvertName(runEvent.GetType().Name);

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
