using System.Globalization;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Launching;

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

    private static readonly TimeSpan CoordinatorTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WorkerTimeout = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan DismissedTimeout = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChildProcess> _children = [];
    private readonly TaskCompletionSource<LaunchEnd> _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _outIsNew = plan.Out is not { } path || !HasCheckpoint(path);
    private string? _runDirectory;
    private int _workersLeft = plan.Workers.Sum(worker => worker.Workers);
    private bool _ending;

    // What exceeds the workers of this launch is left to those that join by hand, of whom nobody knows when they come.
    private int WorkersNeeded { get; } = Math.Min(plan.MinWorkers, plan.Workers.Sum(worker => worker.Workers));

    /// <summary>Runs the cluster to its end.</summary>
    /// <returns>
    /// The coordinator's exit code; <see cref="ExitCode.BadInput"/> if a worker never came in, and
    /// <see cref="ExitCode.Failed"/> if too few are left of those that did.
    /// </returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        Task<LaunchEnd> coordinator = SuperviseCoordinatorAsync(stop);
        Task[] workers = [.. plan.Workers.Select(worker => SuperviseWorkerAsync(worker, stop))];
        LaunchEnd end = await coordinator.ConfigureAwait(false);
        await TakeDownAsync(workers).ConfigureAwait(false);
        if (end.Reason is { } reason)
        {
            log(reason);
        }

        return end.ExitCode;
    }

    /// <summary>Ends whatever still runs.</summary>
    public void Dispose()
    {
        _over.TrySetResult();
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

    private async Task<LaunchEnd> SuperviseCoordinatorAsync(CancellationToken stop)
    {
        RestartBudget budget = Budget();
        IReadOnlyList<string> command = [.. plan.Coordinator, .. plan.First];
        while (Start(CoordinatorName, command, isCoordinator: true, elsewhere: false, NoteRunDirectory) is { } child)
        {
            int? code = await EndAsync(child, stop).ConfigureAwait(false);
            if (code is null)
            {
                return await GiveUpAsync(child, stop).ConfigureAwait(false);
            }

            bool crashed = code is not (ExitCode.Done or ExitCode.Failed or ExitCode.BadInput or ExitCode.Interrupted);
            if (!crashed || stop.IsCancellationRequested)
            {
                return new(crashed ? ExitCode.Failed : code.Value);
            }

            if (budget.TryTake() is not { } pause)
            {
                return new(ExitCode.Failed, $"the coordinator crashed (exit code {code}) too often (--max-restarts {plan.MaxRestarts})");
            }

            log($"the coordinator crashed (exit code {code}): {Restarting(pause)}");
            await PauseAsync(pause, _givenUp.Task, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                return new(ExitCode.Failed, "the coordinator had crashed when the end was asked for; its last checkpoint stands");
            }

            if (_givenUp.Task.IsCompleted)
            {
                return await _givenUp.Task.ConfigureAwait(false);
            }

            command = (_runDirectory ?? Begun()) is { } directory ? [.. plan.Coordinator, "--resume", directory] : command;
        }

        return new(ExitCode.Failed);
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

    /// <summary>Ends the run, with a checkpoint, since it cannot go on.</summary>
    private async Task<LaunchEnd> GiveUpAsync(ChildProcess coordinator, CancellationToken stop)
    {
        log("a worker that is needed cannot be had: ending the run");
        coordinator.AskToEnd();
        await OrKillAsync(coordinator, CoordinatorTimeout).ConfigureAwait(false);
        int code = await coordinator.Exited.ConfigureAwait(false);
        // The worker may have been missed only because all was at its end.
        return code == ExitCode.Done || (code == ExitCode.Interrupted && stop.IsCancellationRequested)
            ? new(code)
            : await _givenUp.Task.ConfigureAwait(false);
    }

    private async Task SuperviseWorkerAsync(NodeCommandLine worker, CancellationToken stop)
    {
        try
        {
            if (await EndForGoodAsync(worker, stop).ConfigureAwait(false) is { } end)
            {
                _givenUp.TrySetResult(end);
            }
        }
        catch (BadInputException e)
        {
            _givenUp.TrySetResult(new(ExitCode.BadInput, $"{worker.Name}: {e.Message}"));
        }
    }

    /// <summary>Why the run cannot go on without a worker that has ended for good; null where it can.</summary>
    private async Task<LaunchEnd?> EndForGoodAsync(NodeCommandLine worker, CancellationToken stop)
    {
        RestartBudget budget = Budget();
        bool worked = false;
        bool dismissed = false;
        string? last = null;
        void Read(string line)
        {
            last = line;
            worked |= line.Contains(NodeActor.WorksFor, StringComparison.Ordinal);
            dismissed |= line.Contains(NodeProcess.RunIsOver, StringComparison.Ordinal);
        }

        while (Start(worker.Name, worker.Command, isCoordinator: false, worker.Host is not null, Read) is { } child)
        {
            int code = await child.Exited.ConfigureAwait(false);
            if (_ending || stop.IsCancellationRequested)
            {
                return null;
            }

            if (dismissed)
            {
                // A coordinator that dies between this and its own end goes on from a checkpoint, and needs workers again.
                dismissed = false;
                await PauseAsync(DismissedTimeout, _over.Task, stop).ConfigureAwait(false);
                continue;
            }

            if (!worked && worker.Host is { } host && code is SshFailed or CannotExecute or NotFound)
            {
                return new(ExitCode.BadInput, $"no worker could be started on {host} (exit code {code}): {last}" + (code == SshFailed ? "" : " (--remote-command)"));
            }

            bool crashed = code is not (ExitCode.Done or ExitCode.Failed or ExitCode.BadInput);
            if (!crashed || budget.TryTake() is not { } pause)
            {
                log($"{worker.Name} ended with exit code {code} and is not restarted" + (crashed ? $" (--max-restarts {plan.MaxRestarts})" : ""));
                int left = Interlocked.Add(ref _workersLeft, -worker.Workers);
                return !worked ? new(ExitCode.BadInput, $"{worker.Name} (exit code {code}): {last}")
                    : left > 0 && left >= WorkersNeeded ? null
                    : new(ExitCode.Failed, $"{worker.Name} is gone (exit code {code}: {last}) and {left} of {plan.MinWorkers} workers needed can still come; --resume with a lower --min-workers goes on without it");
            }

            log($"{worker.Name} crashed (exit code {code}): {Restarting(pause)}");
            await PauseAsync(pause, _over.Task, stop).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                return null;
            }
        }

        return null;
    }

    private RestartBudget Budget() => new(plan.MaxRestarts, plan.RestartPause, TimeProvider.System);

    private static string Restarting(TimeSpan pause) =>
        pause == TimeSpan.Zero ? "restarting it" : string.Create(CultureInfo.InvariantCulture, $"restarting it in {pause.TotalSeconds:0.#} s");

    private static async Task PauseAsync(TimeSpan pause, Task end, CancellationToken stop) =>
        await Task.WhenAny(Task.Delay(pause, stop), end).ConfigureAwait(false);

    /// <summary>The directory of a new run whose first life left a checkpoint there and was killed before it said so.</summary>
    private string? Begun() => _outIsNew && plan.Out is { } path && HasCheckpoint(path) ? path : null;

    private static bool HasCheckpoint(string path) => new RunPaths(path).Checkpoints().Count > 0;

    private async Task TakeDownAsync(Task[] workers)
    {
        ChildProcess[] running;
        _over.TrySetResult();
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

        await Task.WhenAll(running.Select(child => OrKillAsync(child, WorkerTimeout))).ConfigureAwait(false);
        await Task.WhenAll(workers).ConfigureAwait(false);
    }

    private static async Task OrKillAsync(ChildProcess child, TimeSpan timeout)
    {
        await Task.WhenAny(child.Exited, Task.Delay(timeout)).ConfigureAwait(false);
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
        if (line.StartsWith(TrainingSession.RunDirectoryLine, StringComparison.Ordinal))
        {
            _runDirectory = line[TrainingSession.RunDirectoryLine.Length..];
        }
    }

    /// <summary>How a launch ends, and why where it is not the coordinator that says it.</summary>
    private sealed record LaunchEnd(int ExitCode, string? Reason = null);

    /// <summary>What the coordinator is called in the log.</summary>
    public const string CoordinatorName = "coordinator";
}
