using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>
/// Runs a <see cref="LaunchPlan"/>: starts the coordinator and the nodes, restarts those that crash, and ends all of them when
/// the coordinator has ended or the end is requested. It decides by exit codes and status records, never by the text of a log
/// line.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="log">Gets lines for display: the launch's own, and those of all processes.</param>
/// <param name="status">Gets the status records of the launch, from any thread.</param>
internal sealed class Launcher(LaunchPlan plan, Action<string> log, Action<StatusRecord> status) : IDisposable
{
    /// <summary>Name of the coordinator in logs and records.</summary>
    public const string CoordinatorName = "coordinator";

    private readonly ChildSet _children = new(log, status);
    private readonly WorkersLeft _left = new(plan);
    private readonly TaskCompletionSource<LaunchEnd> _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs the cluster to its end.</summary>
    /// <param name="stop">Requests the end.</param>
    /// <returns>
    /// The coordinator's exit code; <see cref="ExitCode.BadInput"/> if a node never joined;
    /// <see cref="ExitCode.Failed"/> if too few workers remain.
    /// </returns>
    public async Task<ProcessEnd> RunAsync(CancellationToken stop)
    {
        Task<LaunchEnd> coordinator = new CoordinatorSupervisor(plan, _children, log, status).RunAsync(_abandoned.Task, stop);
        Task[] nodes = [.. plan.Workers.Select(node => SuperviseAsync(node, stop))];
        LaunchEnd end = await coordinator.ConfigureAwait(false);
        Task down = _children.TakeDownAsync();
        _over.TrySetResult();
        await down.ConfigureAwait(false);
        await Task.WhenAll(nodes).ConfigureAwait(false);
        if (end is { IsLogged: false, Reason: { } reason })
        {
            log(reason);
        }

        return new(end.ExitCode, end.Reason);
    }

    /// <summary>Id of the running process of a name; null if there is none.</summary>
    public int? ProcessOf(string name) => _children.ProcessOf(name);

    /// <summary>Kills every process that runs.</summary>
    public void Dispose()
    {
        _over.TrySetResult();
        _children.Dispose();
    }

    private async Task SuperviseAsync(NodeCommandLine node, CancellationToken stop)
    {
        var supervisor = new NodeSupervisor(plan, node, _children, _left, log, status);
        if (await supervisor.RunAsync(_over.Task, stop).ConfigureAwait(false) is { } end)
        {
            _abandoned.TrySetResult(end);
        }
    }
}
