using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>What a worker process has reported so far, over all its restarts.</summary>
/// <param name="HasJoined">Whether it has ever taken part in the run.</param>
/// <param name="IsDismissed">Whether its present incarnation was told that the run is over.</param>
/// <param name="Reason">The last cause that it reported, for display; null before the first.</param>
internal readonly record struct WorkerReport(bool HasJoined, bool IsDismissed, string? Reason)
{
    /// <summary>The report with one more record.</summary>
    public WorkerReport With(StatusRecord record) => record switch
    {
        Joined => this with { HasJoined = true, Reason = null },
        Dismissed dismissed => this with { IsDismissed = true, Reason = dismissed.Reason },
        Refused refused => this with { Reason = refused.Reason },
        CoordinatorGone gone => this with { Reason = gone.Reason },
        Ended { Reason: { } reason } => this with { Reason = reason },
        _ => this,
    };

    /// <summary>The report when the process is started again.</summary>
    public WorkerReport Restarted() => this with { IsDismissed = false, Reason = null };
}

/// <summary>What to do about a process that has ended before it was asked to.</summary>
internal enum RestartDecision
{
    /// <summary>It has crashed: start it again while its budget lasts.</summary>
    Restart,

    /// <summary>
    /// It was dismissed: start it again if the launch still goes on after a pause. A coordinator that dies between dismissing
    /// its workers and its own end resumes the run, and needs them again.
    /// </summary>
    Wait,

    /// <summary>It has ended by itself, and another start would end the same.</summary>
    GiveUp,

    /// <summary>It could not be started on its machine at all.</summary>
    CannotStart,
}

/// <summary>Decides restarts, by exit codes and status records alone.</summary>
internal static class RestartPolicy
{
    /// <summary>Exit code of ssh where it cannot reach the machine or loses the connection.</summary>
    public const int SshFailed = 255;

    // Exit codes of a shell whose command is no program, or is not found.
    private const int CannotExecute = 126;
    private const int NotFound = 127;

    /// <summary>Whether a coordinator is to be started again.</summary>
    public static bool HasCoordinatorCrashed(int exitCode) => ExitCode.OutcomeOf(exitCode) == ProcessOutcome.Crashed;

    /// <summary>Decides about a worker process.</summary>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="report">What it has reported.</param>
    /// <param name="isRemote">Whether it runs on another machine, over ssh and a shell there.</param>
    public static RestartDecision ForWorker(int exitCode, WorkerReport report, bool isRemote) =>
        report.IsDismissed ? RestartDecision.Wait
        : !report.HasJoined && isRemote && exitCode is SshFailed or CannotExecute or NotFound ? RestartDecision.CannotStart
        : ExitCode.OutcomeOf(exitCode) == ProcessOutcome.Crashed ? RestartDecision.Restart
        : RestartDecision.GiveUp;

    /// <summary>Whether a run can go on when a worker process is gone for good.</summary>
    /// <param name="hasJoined">Whether the process has ever taken part: one that never did has a cause that concerns
    /// the others too.</param>
    /// <param name="workersLeft">Workers of the launch that run or will be started again.</param>
    /// <param name="workersNeeded">Workers of the launch that the run needs.</param>
    public static bool CanGoOn(bool hasJoined, int workersLeft, int workersNeeded) =>
        hasJoined && workersLeft > 0 && workersLeft >= workersNeeded;
}
