namespace NnCluster.Worker.ProcessStatus;

/// <summary>
/// Exit codes of all commands. Supervisors and <c>launch</c> decide restarts by them, so each has one meaning. They stay
/// clear of the codes of shells (126, 127, 128 + signal) and of ssh (255).
/// </summary>
internal static class ExitCode
{
    /// <summary>Done. A node: its run is over and the coordinator has dismissed it.</summary>
    public const int Done = 0;

    /// <summary>The run failed. Its last checkpoint is the last good state.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage, or an input that cannot be used. A restart changes nothing.</summary>
    public const int BadInput = 2;

    /// <summary>
    /// A node: the coordinator does not accept it, or it does not trust the coordinator. A restart changes
    /// nothing.
    /// </summary>
    public const int Refused = 3;

    /// <summary>A node: no coordinator was there for <c>--give-up-after</c>.</summary>
    public const int CoordinatorGone = 4;

    /// <summary>Stopped on request: a coordinator with a checkpoint, a node after it has left the run.</summary>
    public const int Interrupted = 130;

    /// <summary>One line for <c>--help</c>.</summary>
    public const string Help = "Exit codes: 0 done, 1 the run failed, 2 bad usage or input, 130 interrupted after a clean stop; "
        + "a node also 3 refused by the coordinator, 4 no coordinator for --give-up-after.";

    /// <summary>Meaning of an exit code.</summary>
    public static ProcessOutcome OutcomeOf(int exitCode) => exitCode switch
    {
        Done => ProcessOutcome.Done,
        Failed => ProcessOutcome.Failed,
        BadInput => ProcessOutcome.BadInput,
        Refused => ProcessOutcome.Refused,
        CoordinatorGone => ProcessOutcome.CoordinatorGone,
        Interrupted => ProcessOutcome.Interrupted,
        _ => ProcessOutcome.Crashed,
    };
}
