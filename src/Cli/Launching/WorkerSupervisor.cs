using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>Workers of a launch that run or will be started again. Counts workers, not processes.</summary>
/// <param name="plan">The plan.</param>
internal sealed class WorkersLeft(LaunchPlan plan)
{
    private int _left = plan.Workers.Sum(worker => worker.Workers);

    /// <summary>
    /// Workers of this launch that the run needs. Where the run needs more than the launch starts, the others join by
    /// hand, and the launch cannot know whether they will.
    /// </summary>
    public int Needed { get; } = Math.Min(plan.MinWorkers, plan.Workers.Sum(worker => worker.Workers));

    /// <summary>Takes away the workers of a process that is gone for good.</summary>
    /// <returns>The workers that are left.</returns>
    public int Remove(NodeCommandLine worker) => Interlocked.Add(ref _left, -worker.Workers);
}

/// <summary>Runs one worker process of a launch, and restarts it when it crashes.</summary>
/// <param name="plan">The plan.</param>
/// <param name="worker">The worker process.</param>
/// <param name="children">The processes of the launch.</param>
/// <param name="left">The workers of the launch.</param>
/// <param name="log">Gets lines for display.</param>
/// <param name="status">Gets the records of the process, and one for each of its ends.</param>
internal sealed class WorkerSupervisor(
    LaunchPlan plan, NodeCommandLine worker, ChildSet children, WorkersLeft left, Action<string> log, Action<StatusRecord> status)
{
    private static readonly TimeSpan DismissedPause = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly RestartBudget _budget = new(plan.MaxRestarts, plan.RestartPause, TimeProvider.System);
    private WorkerReport _report;
    private string? _lastLine;

    /// <summary>Runs the process until it is gone for good or the launch is over.</summary>
    /// <param name="over">Completes when the launch is over.</param>
    /// <param name="stop">Asks for the end.</param>
    /// <returns>The end of a run that cannot go on without this process; null if it can.</returns>
    public async Task<LaunchEnd?> RunAsync(Task over, CancellationToken stop)
    {
        try
        {
            while (Start() is { } child)
            {
                int code = await child.Exited.ConfigureAwait(false);
                if (children.IsEnding || stop.IsCancellationRequested)
                {
                    return null;
                }

                RestartDecision decision = RestartPolicy.ForWorker(code, Report(), worker.Host is not null);
                if (PauseBefore(decision) is not { } pause)
                {
                    return decision == RestartDecision.CannotStart
                        ? CannotStart(code)
                        : GiveUp(code, crashed: decision == RestartDecision.Restart);
                }

                if (decision == RestartDecision.Restart)
                {
                    log($"{worker.Name} crashed (exit code {code}): {RestartPause.Describe(pause)}");
                }

                ChildAction action = decision == RestartDecision.Restart ? ChildAction.Restart : ChildAction.Wait;
                status(new ChildEnded(worker.Name, code, action, pause.TotalSeconds));

                await RestartPause.WaitAsync(pause, over, stop).ConfigureAwait(false);
                if (stop.IsCancellationRequested)
                {
                    return null;
                }
            }

            return null;
        }
        catch (BadInputException e)
        {
            return new(ExitCode.BadInput, $"{worker.Name}: {e.Message}");
        }
    }

    private TimeSpan? PauseBefore(RestartDecision decision) => decision switch
    {
        RestartDecision.Restart => _budget.TryTake(),
        RestartDecision.Wait => DismissedPause,
        _ => null,
    };

    private ChildProcess? Start()
    {
        lock (_gate)
        {
            _report = _report.Restarted();
        }

        return children.Start(worker.Name, new()
        {
            Command = worker.Command,
            StatusOnOutput = true,
            IsRemote = worker.Host is not null,
            Log = line => _lastLine = line,
            Status = OnStatus,
        });
    }

    private void OnStatus(StatusRecord record)
    {
        lock (_gate)
        {
            _report = _report.With(record);
        }

        status(new ChildReported(worker.Name, record));
    }

    private WorkerReport Report()
    {
        lock (_gate)
        {
            return _report;
        }
    }

    private LaunchEnd CannotStart(int code)
    {
        status(new ChildEnded(worker.Name, code, ChildAction.GiveUp, WorkersLeft: left.Remove(worker)));
        return new(ExitCode.BadInput, $"no worker could be started on {worker.Host} (exit code {code}): {Cause()}"
            + (code == RestartPolicy.SshFailed ? "" : " (--remote-command)"));
    }

    private LaunchEnd? GiveUp(int code, bool crashed)
    {
        int workers = left.Remove(worker);
        log($"{worker.Name} ended with exit code {code} and is not restarted" + (crashed ? $" (--max-restarts {plan.MaxRestarts})" : ""));
        status(new ChildEnded(worker.Name, code, ChildAction.GiveUp, WorkersLeft: workers));
        WorkerReport report = Report();
        string reason = report.Reason is null ? "" : $": {report.Reason}";
        return RestartPolicy.CanGoOn(report.HasJoined, workers, left.Needed) ? null
            : !report.HasJoined ? new(ExitCode.BadInput, $"{worker.Name} (exit code {code}): {Cause()}")
            : new(ExitCode.Failed, $"{worker.Name} is gone (exit code {code}{reason}), and {workers} of "
                + $"{plan.MinWorkers} workers needed can still join; --resume with a lower --min-workers goes on without it");
    }

    // A program that is not ours, such as ssh or a shell, gives its cause as its last line.
    private string? Cause() => Report().Reason ?? _lastLine;
}
