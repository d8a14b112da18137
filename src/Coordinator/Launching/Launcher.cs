using NnCluster.Worker;
using NnCluster.Worker.Cli;

namespace NnCluster.Coordinator.Launching;

/// <summary>
/// Runs a <see cref="LaunchPlan"/>: starts coordinator and workers at once, restarts what crashes, and takes everything
/// down when the coordinator is done or the end is asked for.
/// </summary>
internal sealed class Launcher(LaunchPlan plan, Action<string> log) : IDisposable
{
    // What ssh says of itself, and a shell of a program that it cannot run.
    private const int SshFailed = 255;
    private const int CannotExecute = 126;
    private const int NotFound = 127;

    private static readonly TimeSpan CoordinatorPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(1.5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChildProcess> _children = [];
    private readonly TaskCompletionSource<string> _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _runDirectory;
    private int _workersLeft;
    private bool _ending;

    /// <summary>Runs the cluster to its end.</summary>
    /// <returns>The coordinator's exit code, or <see cref="ExitCode.BadInput"/> if a worker never came in or none is left.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        _workersLeft = plan.Workers.Count;
        Task<int> coordinator = SuperviseCoordinatorAsync(stop);
        Task[] workers = [.. plan.Workers.Select(worker => SuperviseWorkerAsync(worker, stop))];
        int code = await coordinator.ConfigureAwait(false);
        await TakeDownAsync(workers).ConfigureAwait(false);
        if (_givenUp.Task.IsCompleted && code == ExitCode.BadInput)
        {
            log(await _givenUp.Task.ConfigureAwait(false));
        }

        return code;
    }

    /// <summary>Ends whatever still runs.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ending = true;
            foreach (ChildProcess child in _children.Values)
            {
                child.Dispose();
            }
        }
    }

    /// <summary>The process that runs under a name now; null if none does.</summary>
    public int? ProcessOf(string name)
    {
        lock (_gate)
        {
            return _children.TryGetValue(name, out ChildProcess? child) && !child.HasExited ? child.Id : null;
        }
    }

    private async Task<int> SuperviseCoordinatorAsync(CancellationToken stop)
    {
        var budget = new RestartBudget(plan.MaxRestarts, TimeProvider.System);
        IReadOnlyList<string> command = [.. plan.Coordinator, .. plan.First];
        while (Start(CoordinatorName, command, isCoordinator: true, elsewhere: false, NoteRunDirectory) is { } child)
        {
            int? code = await EndAsync(child, stop).ConfigureAwait(false);
            if (code is null)
            {
                log("a worker that is needed cannot be had: ending the run");
                child.AskToEnd();
                await OrKillAsync(child, CoordinatorPatience).ConfigureAwait(false);
                return ExitCode.BadInput;
            }

            bool crashed = code is not (ExitCode.Done or ExitCode.Failed or ExitCode.BadInput or ExitCode.Interrupted);
            if (!crashed || stop.IsCancellationRequested)
            {
                return crashed ? ExitCode.Failed : code.Value;
            }

            if (!budget.TryTake())
            {
                log($"the coordinator crashed (exit code {code}) too often (--max-restarts {plan.MaxRestarts})");
                return ExitCode.Failed;
            }

            log($"the coordinator crashed (exit code {code}): restarting it");
            command = _runDirectory is { } directory ? [.. plan.Coordinator, "--resume", directory] : command;
        }

        return ExitCode.Failed;
    }

    /// <summary>The exit code; null when a worker cannot be had and the run ends for it.</summary>
    private async Task<int?> EndAsync(ChildProcess child, CancellationToken stop)
    {
        await using (stop.Register(child.AskToEnd))
        {
            Task first = await Task.WhenAny(child.Exited, _givenUp.Task).ConfigureAwait(false);
            return first == child.Exited ? await child.Exited.ConfigureAwait(false) : null;
        }
    }

    private async Task SuperviseWorkerAsync(WorkerCommandLine worker, CancellationToken stop)
    {
        try
        {
            if (await EndForGoodAsync(worker, stop).ConfigureAwait(false) is { } reason)
            {
                _givenUp.TrySetResult(reason);
            }
        }
        catch (BadInputException e)
        {
            _givenUp.TrySetResult($"{worker.Name}: {e.Message}");
        }
    }

    /// <summary>Why the run cannot go on without a worker that has ended for good; null where it can.</summary>
    private async Task<string?> EndForGoodAsync(WorkerCommandLine worker, CancellationToken stop)
    {
        var budget = new RestartBudget(plan.MaxRestarts, TimeProvider.System);
        bool worked = false;
        string? last = null;
        while (Start(worker.Name, worker.Command, isCoordinator: false, worker.Host is not null, line => (last, worked) = (line, worked || line.Contains(NodeActor.WorksFor, StringComparison.Ordinal))) is { } child)
        {
            int code = await child.Exited.ConfigureAwait(false);
            if (_ending || stop.IsCancellationRequested || code == ExitCode.Done)
            {
                return null;
            }

            if (!worked && worker.Host is { } host && code is SshFailed or CannotExecute or NotFound)
            {
                return $"no worker could be started on {host} (exit code {code}): {last}" + (code == SshFailed ? "" : " (--remote-command)");
            }

            if (code is ExitCode.Failed or ExitCode.BadInput || !budget.TryTake())
            {
                log($"{worker.Name} ended with exit code {code} and is not restarted");
                bool any = Interlocked.Decrement(ref _workersLeft) > 0;
                return any && worked ? null : $"{worker.Name} (exit code {code}): {last}";
            }

            log($"{worker.Name} crashed (exit code {code}): restarting it");
        }

        return null;
    }

    private async Task TakeDownAsync(Task[] workers)
    {
        ChildProcess[] running;
        lock (_gate)
        {
            _ending = true;
            running = [.. _children.Values.Where(child => !child.HasExited)];
        }

        // Workers that were told of the run's end are on their way out.
        foreach (ChildProcess child in running)
        {
            child.AskToEnd();
        }

        await Task.WhenAll(running.Select(child => OrKillAsync(child, WorkerPatience))).ConfigureAwait(false);
        await Task.WhenAll(workers).ConfigureAwait(false);
    }

    private static async Task OrKillAsync(ChildProcess child, TimeSpan patience)
    {
        await Task.WhenAny(child.Exited, Task.Delay(patience)).ConfigureAwait(false);
        if (!child.HasExited)
        {
            child.Kill();
        }

        await child.Exited.ConfigureAwait(false);
    }

    private ChildProcess? Start(string name, IReadOnlyList<string> command, bool isCoordinator, bool elsewhere, Action<string> read)
    {
        lock (_gate)
        {
            if (_ending)
            {
                return null;
            }

            var child = ChildProcess.Start(command, showOutput: isCoordinator && plan.ShowOutput, elsewhere, line =>
            {
                read(line);
                log($"{name,-11} | {line}");
            });
            if (_children.Remove(name, out ChildProcess? earlier))
            {
                earlier.Dispose();
            }

            _children.Add(name, child);
            return child;
        }
    }

    private void NoteRunDirectory(string line)
    {
        if (line.StartsWith(RunDirectoryLine, StringComparison.Ordinal))
        {
            _runDirectory = line[RunDirectoryLine.Length..];
        }
    }

    /// <summary>What the coordinator is called in the log.</summary>
    public const string CoordinatorName = "coordinator";

    /// <summary>How the coordinator says where its files are.</summary>
    public const string RunDirectoryLine = "run directory: ";
}
