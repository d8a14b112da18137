using System.Text.Json;
using System.Text.Json.Nodes;

namespace NnCluster.Persistence;

/// <summary>State of a run, as its directory shows it.</summary>
internal enum RunStanding
{
    /// <summary>A process trains it now.</summary>
    Running,

    /// <summary>It was stopped, or its process died.</summary>
    Interrupted,

    /// <summary>It has ended, and its results are written.</summary>
    Completed,

    /// <summary>It has ended with an error.</summary>
    Failed,
}

/// <summary>How a run directory stands.</summary>
internal sealed record RunStatus
{
    /// <summary>Absolute path.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>Identity of the run; null if no checkpoint can be read.</summary>
    public string? RunId { get; init; }

    /// <summary>Highest term in its checkpoints; null if none can be read.</summary>
    public long? Term { get; init; }

    /// <summary>Its state.</summary>
    public required RunStanding State { get; init; }

    /// <summary>Last step in the metrics; a run that is resumed repeats those after its checkpoint.</summary>
    public required long Step { get; init; }

    /// <summary>Passes over the training rows at that step.</summary>
    public required double Epoch { get; init; }

    /// <summary>Number of files with the name of a checkpoint, readable or not.</summary>
    public required int Checkpoints { get; init; }

    /// <summary>File name of the newest checkpoint that is complete; null if none is.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Its step; null if no checkpoint is complete.</summary>
    public long? CheckpointStep { get; init; }

    /// <summary>Whether <c>train --resume</c> would go on with it.</summary>
    public bool CanResume => State is RunStanding.Interrupted or RunStanding.Failed && Checkpoint is not null;

    /// <summary>Why the run failed, or why its checkpoints cannot be used, for display.</summary>
    public string? Reason { get; init; }

    /// <summary>Id of the process that trains it, on its machine; null if none does or the id cannot be read.</summary>
    public int? ProcessId { get; init; }

    /// <summary>One JSON object. Every property is always there.</summary>
    public JsonObject ToJson() => new()
    {
        ["runDirectory"] = RunDirectory,
        ["state"] = JsonNamingPolicy.CamelCase.ConvertName(State.ToString()),
        ["runId"] = RunId,
        ["term"] = Term,
        ["step"] = Step,
        ["epoch"] = Epoch,
        ["checkpoints"] = Checkpoints,
        ["checkpoint"] = Checkpoint,
        ["checkpointStep"] = CheckpointStep,
        ["canResume"] = CanResume,
        ["reason"] = Reason,
        ["processId"] = ProcessId,
    };
}
