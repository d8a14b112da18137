using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>
/// Runs a <see cref="LaunchPlan"/>: starts the coordinator and the worker processes, restarts those that crash, and takes
/// everything down when the coordinator is done or the end is asked for. All decisions come from exit codes and status
/// records; the text of a log line decides nothing.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="log">Gets lines for display: the launch's own, and those of all processes.</param>
/// <param name="status">Gets the launch's records, from any thread.</param>
internal sealed class Launcher(LaunchPlan plan, Action<string> log, Action<StatusRecord> status) : IDisposable
{
    /// <summary>Name of the coordinator in logs and records.</summary>
    public const string CoordinatorName = "coordinator";

    private readonly ChildSet _children = new(log, status);
    private readonly WorkersLeft _left = new(plan);
    private readonly TaskCompletionSource<LaunchEnd> _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs the cluster to its end.</summary>
    /// <param name="stop">Asks for the end.</param>
    /// <returns>
    /// The coordinator's exit code; <see cref="ExitCode.BadInput"/> if a worker process never joined, and
    /// <see cref="ExitCode.Failed"/> if too few workers are left of those that did.
    /// </returns>
    public async Task<ProcessEnd> RunAsync(CancellationToken stop)
    {
        Task<LaunchEnd> coordinator = new CoordinatorSupervisor(plan, _children, log, status).RunAsync(_abandoned.Task, stop);
        Task[] workers = [.. plan.Workers.Select(worker => SuperviseAsync(worker, stop))];
        LaunchEnd end = await coordinator.ConfigureAwait(false);
        Task down = _children.TakeDownAsync();
        _over.TrySetResult();
        await down.ConfigureAwait(false);
        await Task.WhenAll(workers).ConfigureAwait(false);
        if (end is { IsLogged: false, Reason: { } reason })
        {
            log(reason);
        }

        return new(end.ExitCode, end.Reason);
    }

    /// <summary>Id of the process that runs under a name; null if none does.</summary>
    public int? ProcessOf(string name) => _children.ProcessOf(name);

    /// <summary>Kills what still runs.</summary>
    public void Dispose()
    {
        _over.TrySetResult();
        _children.Dispose();
    }

    private async Task SuperviseAsync(NodeCommandLine worker, CancellationToken stop)
    {
        var supervisor = new WorkerSupervisor(plan, worker, _children, _left, log, status);
        if (await supervisor.RunAsync(_over.Task, stop).ConfigureAwait(false) is { } end)
        {
            _abandoned.TrySetResult(end);
        }
    }
}
