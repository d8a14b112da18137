using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>Number of workers of a launch that run or will be restarted.</summary>
/// <param name="plan">The plan.</param>
internal sealed class WorkersLeft(LaunchPlan plan)
{
    private int _left = plan.Workers.Sum(node => node.Workers);

    /// <summary>
    /// Number of workers of this launch that the run needs. If the run needs more than the launch starts, the others are started
    /// by the user, and the launch does not count them.
    /// </summary>
    public int Needed { get; } = Math.Min(plan.MinWorkers, plan.Workers.Sum(node => node.Workers));

    /// <summary>Subtracts the workers of a node that is not restarted.</summary>
    /// <returns>The number that remains.</returns>
    public int Remove(NodeCommandLine node) => Interlocked.Add(ref _left, -node.Workers);
}

/// <summary>Runs one node of a launch, and restarts it when it crashes.</summary>
/// <param name="plan">The plan.</param>
/// <param name="node">The node.</param>
/// <param name="children">The processes of the launch.</param>
/// <param name="left">Number of workers of the launch.</param>
/// <param name="log">Gets lines for display.</param>
/// <param name="status">Gets the status records of the node, and one record for each end of its process.</param>
internal sealed class NodeSupervisor(
    LaunchPlan plan, NodeCommandLine node, ChildSet children, WorkersLeft left, Action<string> log, Action<StatusRecord> status)
{
    private static readonly TimeSpan DismissedPause = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly RestartBudget _budget = new(plan.MaxRestarts, plan.RestartPause, TimeProvider.System);
    private NodeReport _report;
    private string? _lastLine;

    /// <summary>Runs the node until it is not restarted or the launch is over.</summary>
    /// <param name="over">Completes when the launch is over.</param>
    /// <param name="stop">Requests the end.</param>
    /// <returns>End of the launch if the run cannot continue without this node; null if it can.</returns>
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

                RestartDecision decision = RestartPolicy.ForNode(code, Report(), node.Host is not null);
                if (PauseBefore(decision) is not { } pause)
                {
                    return decision == RestartDecision.CannotStart
                        ? CannotStart(code)
                        : GiveUp(code, crashed: decision == RestartDecision.Restart);
                }

                if (decision == RestartDecision.Restart)
                {
                    log($"{node.Name} crashed (exit code {code}): {RestartPause.Describe(pause)}");
                }

                ChildAction action = decision == RestartDecision.Restart ? ChildAction.Restart : ChildAction.Wait;
                status(new ChildEnded(node.Name, code, action, pause.TotalSeconds));

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
            return new(ExitCode.BadInput, $"{node.Name}: {e.Message}");
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

        return children.Start(node.Name, new()
        {
            Command = node.Command,
            StatusOnOutput = true,
            IsRemote = node.Host is not null,
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

        status(new ChildReported(node.Name, record));
    }

    private NodeReport Report()
    {
        lock (_gate)
        {
            return _report;
        }
    }

    private LaunchEnd CannotStart(int code)
    {
        status(new ChildEnded(node.Name, code, ChildAction.GiveUp, WorkersLeft: left.Remove(node)));
        return new(ExitCode.BadInput, $"no worker could be started on {node.Host} (exit code {code}): {Cause()}"
            + (code == RestartPolicy.SshFailed ? "" : " (--remote-command)"));
    }

    private LaunchEnd? GiveUp(int code, bool crashed)
    {
        int workers = left.Remove(node);
        log($"{node.Name} ended with exit code {code} and is not restarted" + (crashed ? $" (--max-restarts {plan.MaxRestarts})" : ""));
        status(new ChildEnded(node.Name, code, ChildAction.GiveUp, WorkersLeft: workers));
        NodeReport report = Report();
        string reason = report.Reason is null ? "" : $": {report.Reason}";
        return RestartPolicy.CanContinue(report.HasJoined, workers, left.Needed) ? null
            : !report.HasJoined ? new(ExitCode.BadInput, $"{node.Name} (exit code {code}): {Cause()}")
            : new(ExitCode.Failed, $"{node.Name} is gone (exit code {code}{reason}), and {workers} of "
                + $"{plan.MinWorkers} workers needed can still join; --resume with a lower --min-workers continues without it");
    }

    // Programs without status records, such as ssh or a shell, give the cause in their last line.
    private string? Cause() => Report().Reason ?? _lastLine;
}
