using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>Runs the coordinator of a launch to its end, and restarts it from its last checkpoint when it crashes.</summary>
/// <param name="plan">The plan.</param>
/// <param name="children">The processes of the launch.</param>
/// <param name="log">Gets lines for display.</param>
/// <param name="status">Gets the coordinator's records of its run and its address, and one record for each crash.</param>
internal sealed class CoordinatorSupervisor(LaunchPlan plan, ChildSet children, Action<string> log, Action<StatusRecord> status)
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly bool _outIsNew = plan.Out is not { } path || !HasCheckpoint(path);
    private volatile string? _runDirectory;
    private volatile string? _reason;

    /// <summary>Runs the coordinator to its end.</summary>
    /// <param name="abandoned">Completes, with the reason, when the run cannot continue.</param>
    /// <param name="stop">Requests the end.</param>
    public async Task<LaunchEnd> RunAsync(Task<LaunchEnd> abandoned, CancellationToken stop)
    {
        var budget = new RestartBudget(plan.MaxRestarts, plan.RestartPause, TimeProvider.System);
        IReadOnlyList<string> command = [.. plan.Coordinator, .. plan.First];
        while (Start(command) is { } child)
        {
            int? code = await EndAsync(child, abandoned, stop).ConfigureAwait(false);
            if (code is null)
            {
                return await AbandonAsync(child, abandoned, stop).ConfigureAwait(false);
            }

            bool crashed = RestartPolicy.HasCoordinatorCrashed(code.Value);
            if (!crashed || stop.IsCancellationRequested)
            {
                return new(crashed ? ExitCode.Failed : code.Value, _reason, IsLogged: true);
            }

            if (budget.TryTake() is not { } pause)
            {
                status(new ChildEnded(Launcher.CoordinatorName, code.Value, ChildAction.GiveUp));
                return new(ExitCode.Failed, $"the coordinator crashed (exit code {code}) too often (--max-restarts {plan.MaxRestarts})");
            }

            log($"the coordinator crashed (exit code {code}): {RestartPause.Describe(pause)}");
            status(new ChildEnded(Launcher.CoordinatorName, code.Value, ChildAction.Restart, pause.TotalSeconds));
            await RestartPause.WaitAsync(pause, abandoned, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                return new(ExitCode.Failed, "the coordinator had crashed when the end was requested; its last checkpoint can be resumed");
            }

            if (abandoned.IsCompleted)
            {
                return await abandoned.ConfigureAwait(false);
            }

            command = (_runDirectory ?? DirectoryWithCheckpoint()) is { } directory
                ? [.. plan.Coordinator, "--resume", directory]
                : command;
        }

        return new(ExitCode.Failed);
    }

    private ChildProcess? Start(IReadOnlyList<string> command) =>
        children.Start(
            Launcher.CoordinatorName, new() { Command = command, ShowOutput = plan.ShowOutput, Log = _ => { }, Status = OnStatus });

    private void OnStatus(StatusRecord record)
    {
        if (record is RunPrepared prepared)
        {
            _runDirectory = prepared.RunDirectory;
        }

        if (record is Ended ended)
        {
            _reason = ended.Reason;
        }

        if (record is RunPrepared or Listening)
        {
            status(record);
        }
    }

    /// <summary>Waits for the exit code; null if the run is abandoned first.</summary>
    private static async Task<int?> EndAsync(ChildProcess child, Task abandoned, CancellationToken stop)
    {
        await using (stop.Register(child.RequestEnd))
        {
            Task first = await Task.WhenAny(child.Exited, abandoned).ConfigureAwait(false);
            return first == child.Exited ? await child.Exited.ConfigureAwait(false) : null;
        }
    }

    /// <summary>Ends a run that cannot continue, with a checkpoint.</summary>
    private async Task<LaunchEnd> AbandonAsync(ChildProcess coordinator, Task<LaunchEnd> abandoned, CancellationToken stop)
    {
        log("a node that the run needs cannot be restarted: ending the run with a checkpoint");
        coordinator.RequestEnd();
        await coordinator.EndOrKillAsync(StopTimeout).ConfigureAwait(false);
        int code = await coordinator.Exited.ConfigureAwait(false);
        // The run may have completed before the request arrived.
        return code == ExitCode.Done || (code == ExitCode.Interrupted && stop.IsCancellationRequested)
            ? new(code)
            : await abandoned.ConfigureAwait(false);
    }

    /// <summary>
    /// The directory of a new run, if its first coordinator wrote a checkpoint and was killed before it reported the
    /// directory.
    /// </summary>
    private string? DirectoryWithCheckpoint() => _outIsNew && plan.Out is { } path && HasCheckpoint(path) ? path : null;

    private static bool HasCheckpoint(string path) => Directory.Exists(path) && new RunPaths(path).Checkpoints().Count > 0;
}
