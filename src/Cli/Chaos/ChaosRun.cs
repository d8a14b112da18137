using System.Collections.Concurrent;
using System.Diagnostics;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>How the disturbed run ended and what happened to it.</summary>
/// <param name="ExitCode">The coordinator's.</param>
/// <param name="Watch">The faults, and what the run said.</param>
/// <param name="Growth">What its processes held.</param>
/// <param name="Time">From the first strike on.</param>
internal sealed record DisturbedRun(int ExitCode, FaultWatch Watch, IReadOnlyDictionary<string, UseGrowth> Growth, TimeSpan Time);

/// <summary>Trains under a schedule of faults.</summary>
/// <param name="plan">What is to be done.</param>
/// <param name="cluster">To whom.</param>
/// <param name="say">Gets a line for each fault that is over.</param>
internal sealed class ChaosRun(ChaosPlan plan, ChaosCluster cluster, Action<string> say)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly FaultSchedule _schedule = new(plan.Seed, plan.Kinds, plan.Workers);
    private readonly FaultWatch _watch = new(cluster.Workers);
    private readonly EventTail _tail = new(new RunPaths(cluster.RunDirectory).Events);
    private readonly UseSamples _samples = new();
    private readonly ConcurrentQueue<Action> _notes = new();
    private readonly List<Task> _injections = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private TimeSpan? _started;
    private TimeSpan _next;
    private int _number;

    private TimeSpan Now => Stopwatch.GetElapsedTime(_began);

    /// <summary>Runs until the training is over, the duration has passed, or <paramref name="stop"/> asks for the end.</summary>
    /// <exception cref="FaultException">A fault could not be made.</exception>
    public async Task<DisturbedRun> RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var calm = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<int> run = cluster.RunAsync(end.Token);
        try
        {
            while (!run.IsCompleted)
            {
                Look();
                if (!stop.IsCancellationRequested)
                {
                    Act(end, calm.Token);
                }

                await Pause.ForAsync(Interval, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            await calm.CancelAsync().ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_injections).ConfigureAwait(false);
        }

        int code = await run.ConfigureAwait(false);
        Look();
        return new(code, _watch, _samples.Growth(), Now - (_started ?? Now));
    }

    // What the run says is read before the notes are taken: so a strike is known before anything it led to is.
    private void Look()
    {
        IReadOnlyList<LoggedEvent> happened = _tail.Read();
        while (_notes.TryDequeue(out Action? note))
        {
            note();
        }

        foreach (LoggedEvent one in happened)
        {
            _watch.Observe(one);
        }

        foreach (FaultRecord fault in _watch.Settle())
        {
            say(ChaosReport.Line(fault));
        }

        foreach (FaultRecord fault in _watch.Open.Where(fault => DateTime.UtcNow - fault.UndoneAt > Timeout).ToArray())
        {
            _watch.GiveUp(fault.Number);
            say(ChaosReport.Line(fault) + " (given up)");
        }
    }

    private void Act(CancellationTokenSource end, CancellationToken calm)
    {
        foreach (Task failed in _injections.Where(injection => injection.IsFaulted))
        {
            failed.GetAwaiter().GetResult();
        }

        _injections.RemoveAll(injection => injection.IsCompleted);
        if (_started is null)
        {
            _started = _watch.AllPresent ? Now : null;
            _next = Now + plan.Every;
            return;
        }

        _samples.Take(Now, cluster.Processes());
        if (Now - _started >= plan.Duration || _number >= plan.Count)
        {
            if (_watch.Open.Count == 0)
            {
                end.Cancel();
            }
        }
        else if (Now >= _next && TryStrike(calm))
        {
            _next = Now + plan.Every;
            _number++;
        }
    }

    /// <summary>Strikes, unless what is to be struck is not there or already suffers.</summary>
    private bool TryStrike(CancellationToken calm)
    {
        PlannedFault planned = _schedule[_number];
        bool exclusive = FaultSchedule.IsExclusive(planned.Kind);
        if (exclusive ? _watch.Open.Count > 0 || !_watch.AllPresent : _watch.Open.Any(fault => FaultSchedule.IsExclusive(fault.Kind)))
        {
            return false;
        }

        int[] free = [.. Enumerable.Range(planned.Worker, plan.Workers).Select(worker => worker % plan.Workers).Where(worker => _watch.IsFree(cluster.Workers[worker]))];
        // One worker is left alone, so that there is an elsewhere for the shards to go to.
        if (!exclusive && free.Length < Math.Min(2, plan.Workers))
        {
            return false;
        }

        int worker = exclusive ? 0 : free[0];
        if (cluster.ProcessOf(planned.Kind, worker) is not { } process)
        {
            return false;
        }

        _watch.Begin(new()
        {
            Number = planned.Number,
            Kind = planned.Kind,
            Target = planned.Kind switch
            {
                FaultKind.Coordinator => Launcher.CoordinatorName,
                FaultKind.Disk => "disk",
                _ => cluster.Workers[worker],
            },
            Length = planned.Length,
        });
        _injections.Add(Task.Run(() => InjectAsync(planned, worker, process, calm), CancellationToken.None));
        return true;
    }

    private async Task InjectAsync(PlannedFault planned, int worker, int process, CancellationToken calm)
    {
        void Strikes()
        {
            DateTime time = DateTime.UtcNow;
            _notes.Enqueue(() => _watch.Strike(planned.Number, time));
        }

        await cluster.InjectAsync(new(planned, worker, process, Strikes), calm).ConfigureAwait(false);
        DateTime undone = DateTime.UtcNow;
        _notes.Enqueue(() => _watch.Undo(planned.Number, undone));
    }
}
