using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Reads how a run directory stands, while a process may write to it.</summary>
internal static class RunStatusReader
{
    /// <summary>Reads the status of a run.</summary>
    /// <exception cref="BadInputException">The directory holds no run, or a file cannot be read.</exception>
    public static RunStatus Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new BadInputException($"{directory}: there is no such directory; give a run directory, such as one below runs");
        }

        try
        {
            ImmutableArray<StoredCheckpoint> stored = StoredCheckpoint.In(directory);
            var paths = new RunPaths(Path.GetFullPath(directory));
            bool holdsRun = stored.Length > 0 || File.Exists(paths.Config) || File.Exists(paths.Metrics);
            return holdsRun
                ? StatusOf(paths, stored)
                : throw new BadInputException(
                    $"{directory}: holds no run: there is neither {RunPaths.ConfigName} nor {RunPaths.MetricsName} nor a checkpoint in it");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{directory}: cannot be read: {e.Message}", e);
        }
    }

    private static RunStatus StatusOf(RunPaths paths, ImmutableArray<StoredCheckpoint> stored)
    {
        bool isRunning = RunLock.IsHeld(paths, out int? processId);
        (long step, double epoch) = LastPosition(paths);
        (RunStanding state, string? failure) = isRunning ? (RunStanding.Running, null) : EndOf(paths, step);
        // The process that trains replaces its checkpoints while they are read here: their headers must do.
        (string? path, CheckpointPosition? position, string? unusable) =
            isRunning ? NewestHeader(stored) : NewestComplete(paths.Directory, stored);
        return new()
        {
            RunDirectory = paths.Directory,
            RunId = position?.RunId ?? stored.LastOrDefault(checkpoint => checkpoint.Header is not null)?.Header!.RunId,
            Term = stored.Max(checkpoint => checkpoint.Header?.Term),
            State = state,
            Step = Math.Max(step, position?.Step ?? 0),
            Epoch = epoch,
            Checkpoints = stored.Length,
            Checkpoint = Path.GetFileName(path),
            CheckpointStep = position?.Step,
            Reason = failure ?? unusable,
            ProcessId = processId,
        };
    }

    private static (string? Path, CheckpointPosition? Position, string? Unusable) NewestHeader(ImmutableArray<StoredCheckpoint> stored) =>
        stored.LastOrDefault(checkpoint => checkpoint.Header is not null) is { } newest ? (newest.Path, newest.Header, null) : default;

    private static (string? Path, CheckpointPosition? Position, string? Unusable) NewestComplete(
        string directory, ImmutableArray<StoredCheckpoint> stored)
    {
        if (stored.Length == 0)
        {
            return default;
        }

        try
        {
            var point = ResumePoint.Find(directory);
            return (point.File.Path, point.Position, null);
        }
        catch (BadInputException e)
        {
            return (null, null, e.Message);
        }
    }

    /// <summary>
    /// State of a run that no process trains. The last event of a start or an end decides: a start without an end is a
    /// process that died. A run is completed once its summary is written, which comes before the event.
    /// </summary>
    private static (RunStanding State, string? Failure) EndOf(RunPaths paths, long step)
    {
        foreach (RunEvent happened in Backwards(paths.Events))
        {
            switch (happened)
            {
                case RunEnded ended:
                    return ended.Outcome switch
                    {
                        RunOutcomeKind.Failed => (RunStanding.Failed, ended.Reason),
                        RunOutcomeKind.Completed when HasSummary(paths, step) => (RunStanding.Completed, null),
                        _ => (RunStanding.Interrupted, null),
                    };
                case RunStarted or FirstStepTaken:
                    return (RunStanding.Interrupted, null);
            }
        }

        return (RunStanding.Interrupted, null);
    }

    // An earlier summary may be there: an interrupted run has one too.
    private static bool HasSummary(RunPaths paths, long step)
    {
        try
        {
            return File.Exists(paths.Summary) && JsonDocument.Parse(File.ReadAllBytes(paths.Summary)) is { RootElement: { ValueKind: JsonValueKind.Object } summary }
                && summary.TryGetProperty("steps", out JsonElement steps) && steps.TryGetInt64(out long summarised) && summarised >= step;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static (long Step, double Epoch) LastPosition(RunPaths paths)
    {
        foreach (RunEvent line in Backwards(paths.Metrics))
        {
            switch (line)
            {
                case StepCompleted step:
                    return (step.Step, step.Epoch);
                case EpochCompleted epoch:
                    return (epoch.Step, epoch.Epoch);
            }
        }

        return default;
    }

    /// <summary>Events of a file, the last first; lines that hold none are skipped.</summary>
    private static IEnumerable<RunEvent> Backwards(string path) =>
        ReverseLines.Read(path).Select(line => RunEventParser.TryParse(Encoding.UTF8.GetBytes(line))).OfType<RunEvent>();
}
