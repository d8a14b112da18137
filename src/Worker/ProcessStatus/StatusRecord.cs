using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Worker.ProcessStatus;

/// <summary>
/// A change of state that a process reports to the process that started it. On the channel it is one JSON object on one
/// line; the property <c>status</c> names its type. docs/status-channel.md describes the records.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "status")]
[JsonDerivedType(typeof(Starting), "starting")]
[JsonDerivedType(typeof(RunPrepared), "prepared")]
[JsonDerivedType(typeof(Listening), "listening")]
[JsonDerivedType(typeof(ServerReady), "serverReady")]
[JsonDerivedType(typeof(Waiting), "waiting")]
[JsonDerivedType(typeof(DatasetReady), "datasetReady")]
[JsonDerivedType(typeof(Joined), "joined")]
[JsonDerivedType(typeof(CoordinatorGone), "coordinatorGone")]
[JsonDerivedType(typeof(Dismissed), "dismissed")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(ChildStarted), "childStarted")]
[JsonDerivedType(typeof(ChildReported), "childReported")]
[JsonDerivedType(typeof(ChildEnded), "childEnded")]
[JsonDerivedType(typeof(FaultOver), "faultOver")]
[JsonDerivedType(typeof(Ended), "ended")]
internal abstract record StatusRecord;

/// <summary>The process runs and its options are valid.</summary>
/// <param name="ProcessId">Process id, on the machine that the process runs on.</param>
internal sealed record Starting(int ProcessId) : StatusRecord;

/// <summary>A coordinator owns its run directory; a later process can resume the run from there.</summary>
/// <param name="RunDirectory">Absolute path.</param>
/// <param name="RunId">Identity of the run, the same for all its coordinators.</param>
/// <param name="Term">Fencing number of this coordinator.</param>
/// <param name="ResumedFromStep">Step of the checkpoint that it resumed from; null for a new run.</param>
internal sealed record RunPrepared(string RunDirectory, string RunId, long Term, long? ResumedFromStep) : StatusRecord;

/// <summary>A coordinator accepts workers.</summary>
/// <param name="Address">HOST:PORT for <c>--join</c>.</param>
/// <param name="Term">Fencing number of this coordinator.</param>
internal sealed record Listening(string Address, long Term) : StatusRecord;

/// <summary>A server answers requests.</summary>
/// <param name="Address">HOST:PORT that it listens on.</param>
/// <param name="Model">Path of the file with the model.</param>
internal sealed record ServerReady(string Address, string Model) : StatusRecord;

/// <summary>A node has found no coordinator yet.</summary>
/// <param name="Coordinators">Addresses that it tries in turn.</param>
/// <param name="Reason">Why the last one could not be reached, for display.</param>
internal sealed record Waiting(IReadOnlyList<string> Coordinators, string Reason) : StatusRecord;

/// <summary>A node holds the run's data set.</summary>
/// <param name="Source">Where it was taken from.</param>
internal sealed record DatasetReady(DatasetSource Source) : StatusRecord;

/// <summary>A node takes part in a run.</summary>
/// <param name="Coordinator">HOST:PORT of the coordinator.</param>
/// <param name="Workers">Workers that the process hosts.</param>
/// <param name="Term">Term of the coordinator.</param>
internal sealed record Joined(string Coordinator, int Workers, long Term) : StatusRecord;

/// <summary>A node has lost its coordinator, or never reached it, and tries again.</summary>
/// <param name="Coordinator">HOST:PORT of the coordinator.</param>
/// <param name="Reason">Cause, for display.</param>
internal sealed record CoordinatorGone(string Coordinator, string Reason) : StatusRecord;

/// <summary>The run is over and the node ends.</summary>
/// <param name="Reason">How the run ended, for display.</param>
internal sealed record Dismissed(string Reason) : StatusRecord;

/// <summary>The coordinator does not accept the node, which ends.</summary>
/// <param name="Coordinator">HOST:PORT of the coordinator.</param>
/// <param name="Reason">Cause, for display.</param>
internal sealed record Refused(string Coordinator, string Reason) : StatusRecord;

/// <summary><c>launch</c> has started a process.</summary>
/// <param name="Name"><c>coordinator</c>, or the name of the node.</param>
/// <param name="ProcessId">Process id on this machine: of ssh for a process on another one.</param>
internal sealed record ChildStarted(string Name, int ProcessId) : StatusRecord;

/// <summary>A node of <c>launch</c> has written a record.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Record">Its record.</param>
internal sealed record ChildReported(string Name, StatusRecord Record) : StatusRecord;

/// <summary>A process of <c>launch</c> has ended before it was asked to.</summary>
/// <param name="Name"><c>coordinator</c>, or the name of the node.</param>
/// <param name="ExitCode">Its exit code; 128 + N where signal N ended it.</param>
/// <param name="Action">What <c>launch</c> does about it.</param>
/// <param name="PauseSeconds">Time until it is started again, in seconds; null where it is not, and 0 for at once.</param>
/// <param name="WorkersLeft">Workers that can still join when it is not started again; null otherwise.</param>
internal sealed record ChildEnded(string Name, int ExitCode, ChildAction Action, double? PauseSeconds = null, int? WorkersLeft = null)
    : StatusRecord;

/// <summary><c>chaos</c> has injected a fault and its consequences are over.</summary>
/// <param name="Number">Number of the fault in the schedule, from 1.</param>
/// <param name="Kind">Kind of the fault, as <c>--faults</c> names it.</param>
/// <param name="Target">Name of the process, or <c>disk</c>.</param>
internal sealed record FaultOver(int Number, string Kind, string Target) : StatusRecord;

/// <summary>The process ends; its last record.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Outcome">Meaning of the exit code.</param>
/// <param name="Reason">Cause, for display; null where the outcome says all.</param>
internal sealed record Ended(int ExitCode, ProcessOutcome Outcome, string? Reason = null) : StatusRecord;

/// <summary>Where a node took a data set from.</summary>
[JsonConverter(typeof(CamelCaseName<DatasetSource>))]
internal enum DatasetSource
{
    /// <summary>From the memory of the process, which held it since an earlier coordinator.</summary>
    Memory,

    /// <summary>From its cache directory.</summary>
    Cache,

    /// <summary>From the coordinator, over the data link.</summary>
    Coordinator,
}

/// <summary>What <c>launch</c> does about a process that has ended.</summary>
[JsonConverter(typeof(CamelCaseName<ChildAction>))]
internal enum ChildAction
{
    /// <summary>It has crashed: starts it again.</summary>
    Restart,

    /// <summary>It was dismissed: starts it again if the launch still goes on after the pause.</summary>
    Wait,

    /// <summary>Does not start it again.</summary>
    GiveUp,
}

/// <summary>Meaning of an exit code.</summary>
[JsonConverter(typeof(CamelCaseName<ProcessOutcome>))]
internal enum ProcessOutcome
{
    Done,
    Failed,
    BadInput,
    Refused,
    CoordinatorGone,
    Interrupted,

    /// <summary>No exit code of these programs.</summary>
    Crashed,
}

/// <summary>Writes values of an enumeration by their names in camelCase.</summary>
internal sealed class CamelCaseName<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.CamelCase)
    where TEnum : struct, Enum;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(StatusRecord))]
internal sealed partial class StatusJson : JsonSerializerContext;
