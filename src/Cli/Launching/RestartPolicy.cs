using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>State of a node according to its status records, over all its restarts.</summary>
/// <param name="HasJoined">Whether it has ever taken part in the run.</param>
/// <param name="IsDismissed">Whether the coordinator has dismissed its present process.</param>
/// <param name="Reason">The last reason that it reported, for display; null before the first.</param>
internal readonly record struct NodeReport(bool HasJoined, bool IsDismissed, string? Reason)
{
    /// <summary>Applies a record.</summary>
    public NodeReport With(StatusRecord record) => record switch
    {
        Joined => this with { HasJoined = true, Reason = null },
        Dismissed dismissed => this with { IsDismissed = true, Reason = dismissed.Reason },
        Refused refused => this with { Reason = refused.Reason },
        CoordinatorGone gone => this with { Reason = gone.Reason },
        Ended { Reason: { } reason } => this with { Reason = reason },
        _ => this,
    };

    /// <summary>The report of a restarted process.</summary>
    public NodeReport Restarted() => this with { IsDismissed = false, Reason = null };
}

/// <summary>Decision about a process that has ended without a request.</summary>
internal enum RestartDecision
{
    /// <summary>It has crashed: restart it while its budget lasts.</summary>
    Restart,

    /// <summary>
    /// It was dismissed: restart it if the launch is not over after a pause. A coordinator that crashes between the dismissal and
    /// its own end resumes the run, and needs the node again.
    /// </summary>
    Wait,

    /// <summary>It has ended with an exit code that a restart would repeat.</summary>
    GiveUp,

    /// <summary>It cannot be started on its machine.</summary>
    CannotStart,
}

/// <summary>Decides restarts, by exit codes and status records alone.</summary>
internal static class RestartPolicy
{
    /// <summary>Exit code of ssh if it cannot reach the machine or loses the connection.</summary>
    public const int SshFailed = 255;

    // Exit codes of a shell whose command cannot be executed, or is not found.
    private const int CannotExecute = 126;
    private const int NotFound = 127;

    /// <summary>Whether a coordinator has to be restarted.</summary>
    public static bool HasCoordinatorCrashed(int exitCode) => ExitCode.OutcomeOf(exitCode) == ProcessOutcome.Crashed;

    /// <summary>Decides about a node.</summary>
    /// <param name="exitCode">Exit code of its process.</param>
    /// <param name="report">Its status records.</param>
    /// <param name="isRemote">Whether it runs on another machine, started by ssh and a shell there.</param>
    public static RestartDecision ForNode(int exitCode, NodeReport report, bool isRemote) =>
        report.IsDismissed ? RestartDecision.Wait
        : !report.HasJoined && isRemote && exitCode is SshFailed or CannotExecute or NotFound ? RestartDecision.CannotStart
        : ExitCode.OutcomeOf(exitCode) == ProcessOutcome.Crashed ? RestartDecision.Restart
        : RestartDecision.GiveUp;

    /// <summary>Whether a run can continue without a node that is not restarted.</summary>
    /// <param name="hasJoined">Whether the node has ever taken part. The cause of a node that never did concerns the
    /// other nodes too.</param>
    /// <param name="workersLeft">Number of workers of the launch that run or will be restarted.</param>
    /// <param name="workersNeeded">Number of workers of the launch that the run needs.</param>
    public static bool CanContinue(bool hasJoined, int workersLeft, int workersNeeded) =>
        hasJoined && workersLeft > 0 && workersLeft >= workersNeeded;
}
