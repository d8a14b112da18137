using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Reads the lines that <see cref="RunEventJson"/> writes.</summary>
internal static class RunEventParser
{
    /// <summary>Reads the event of a line.</summary>
    /// <param name="line">One JSON object, UTF-8.</param>
    /// <exception cref="FormatException">It is not JSON, not an event, or lacks a property; the message says so in one line.</exception>
    public static RunEvent Parse(ReadOnlyMemory<byte> line) => Parse(line, EventOf);

    /// <summary>Reads a line with <paramref name="read"/>.</summary>
    /// <exception cref="FormatException">It is not JSON, or <paramref name="read"/> threw this.</exception>
    public static T Parse<T>(ReadOnlyMemory<byte> line, Func<JsonFields, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return read(new(document.RootElement));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not Unicode.
            throw new FormatException($"it is not JSON: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }

    /// <summary>Whether a line is a JSON object.</summary>
    public static bool IsObject(byte[] line)
    {
        try
        {
            return Parse(line, _ => true);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>The event of a line; null if the line is not one.</summary>
    public static RunEvent? TryParse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return Parse(line);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The event of a line.</summary>
    /// <exception cref="FormatException">The line is not an event, or lacks a property.</exception>
    public static RunEvent EventOf(JsonFields line) => line.Text("type") switch
    {
        "step" => StepOf(line),
        "epoch" => EpochOf(line),
        var type => OtherOf(type, line) with { At = TimeSpan.FromSeconds(line.Number("elapsedSeconds")) },
    };

    private static StepCompleted StepOf(JsonFields line) => new(
        line.Whole("step"),
        line.Number("epoch"),
        (float)line.Number("loss"),
        (float)line.Number("batchAccuracy"),
        (float)line.Number("learningRate"),
        (float)line.Number("gradientNorm"),
        line.Number("seconds"));

    private static EpochCompleted EpochOf(JsonFields line) => new(
        line.Int("epoch"),
        line.Whole("step"),
        (float)line.Number("trainLoss"),
        (float)line.Number("trainAccuracy"),
        new(line.Number("testLoss"), line.Number("testAccuracy"), line.Int("testRows")),
        line.Has("validationLoss")
            ? new EvaluationResult(line.Number("validationLoss"), line.Number("validationAccuracy"), line.Int("validationRows"))
            : null,
        line.Has("deadUnits") ? (float)line.Number("deadUnits") : null,
        line.Number("trainSeconds"));

    private static RunEvent OtherOf(string type, JsonFields line) => type switch
    {
        RunEventJson.StartType => new RunStarted(
            line.Text("name"),
            line.Text("runId"),
            line.Whole("term"),
            line.WholeOrNull("resumedFromStep"),
            line.Int("parameters"),
            line.Whole("totalSteps"),
            line.Int("epochs"),
            line.Int("batchSize"),
            line.Int("shards"),
            line.Text("blas"),
            line.Unsigned("seed")),
        "participantJoined" => new ParticipantJoined(line.Text("participant")),
        "participantLost" => new ParticipantLost(line.Text("participant"), line.Name<LossCause>("cause"), line.Text("reason")),
        "shardsReassigned" => new ShardsReassigned(
            line.Whole("step"), line.Int("shards"), line.Text("from"), line.Name<ReassignCause>("cause"), line.Text("reason")),
        "shardsRecovered" => new ShardsRecovered(line.Whole("step"), line.Int("shards")),
        "firstStepApplied" => new FirstStepTaken(line.Whole("step")),
        "stoppedEarly" => new StoppedEarly(line.Int("epoch"), line.Whole("step"), line.Int("bestEpoch"), line.Whole("bestStep")),
        "checkpointWritten" => new CheckpointWritten(line.Whole("step"), line.Text("path")) { Seconds = line.NumberOrNull("seconds") },
        "checkpointFailed" => new CheckpointFailed(line.Whole("step"), line.Text("reason")),
        "runPaused" => new RunPaused(line.Int("workers"), line.Int("needed")),
        "runContinued" => new RunContinued(line.Int("workers")),
        "participantProgress" => new ParticipantProgress(line.Text("participant"), line.Whole("shards"), line.Whole("rows"))
        {
            ComputeSeconds = line.NumberOrNull("computeSeconds") ?? 0,
        },
        "runEnded" => new RunEnded(line.Name<RunOutcomeKind>("outcome"), line.Whole("step"), line.TextOrNull("reason")),
        _ => throw new FormatException($"its type '{type}' is not known"),
    };
}
