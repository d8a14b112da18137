using System.Collections.Concurrent;
using System.Diagnostics;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Chaos;

/// <summary>Result of the disturbed run.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Watch">The faults and their consequences.</param>
/// <param name="Growth">Memory, threads and handles of its processes.</param>
/// <param name="Time">Time since all workers were there.</param>
internal sealed record DisturbedRun(ProcessEnd End, FaultWatch Watch, IReadOnlyDictionary<string, UseGrowth> Growth, TimeSpan Time);

/// <summary>Trains under a schedule of faults.</summary>
/// <param name="plan">The parameters.</param>
/// <param name="cluster">The cluster to disturb.</param>
/// <param name="log">Gets a line for each fault whose consequences are over.</param>
/// <param name="status">Gets a record for each fault whose consequences are over.</param>
internal sealed class ChaosRun(ChaosPlan plan, ChaosCluster cluster, Action<string> log, Action<StatusRecord> status)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ObservationTimeout = TimeSpan.FromSeconds(60);

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
    /// <exception cref="FaultException">A fault cannot be injected.</exception>
    public async Task<DisturbedRun> RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var calm = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<ProcessEnd> run = cluster.RunAsync(end.Token);
        try
        {
            while (!run.IsCompleted)
            {
                Observe();
                if (!stop.IsCancellationRequested)
                {
                    Act(end, calm.Token);
                }

                await Delay.ForAsync(Interval, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            await calm.CancelAsync().ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_injections).ConfigureAwait(false);
        }

        ProcessEnd ended = await run.ConfigureAwait(false);
        Observe();
        return new(ended, _watch, _samples.Growth(), Now - (_started ?? Now));
    }

    // Events are read before the notes: an injection is then known before every event that it caused.
    private void Observe()
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
            Report(fault, "");
        }

        foreach (FaultRecord fault in _watch.Open.Where(fault => DateTime.UtcNow - fault.UndoneAt > ObservationTimeout).ToArray())
        {
            _watch.GiveUp(fault.Number);
            Report(fault, " (its consequences were not observed)");
        }
    }

    private void Report(FaultRecord fault, string remark)
    {
        log(ChaosReport.Line(fault) + remark);
        status(new FaultOver(fault.Number + 1, CliOption.NameOf(fault.Kind), fault.Target));
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
        else if (Now >= _next && TryInject(calm))
        {
            _next = Now + plan.Every;
            _number++;
        }
    }

    /// <summary>Injects the next fault, unless its target is away or is the target of another fault.</summary>
    private bool TryInject(CancellationToken calm)
    {
        PlannedFault planned = _schedule[_number];
        bool exclusive = FaultSchedule.IsExclusive(planned.Kind);
        if (exclusive ? _watch.Open.Count > 0 || !_watch.AllPresent : _watch.Open.Any(fault => FaultSchedule.IsExclusive(fault.Kind)))
        {
            return false;
        }

        int[] free =
        [
            .. Enumerable.Range(planned.Worker, plan.Workers)
                .Select(worker => worker % plan.Workers)
                .Where(worker => _watch.IsFree(cluster.Workers[worker])),
        ];
        // Keep one healthy worker to take the reassigned shards.
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
                ChaosFault.Coordinator => Launcher.CoordinatorName,
                ChaosFault.Disk => "disk",
                _ => cluster.Workers[worker],
            },
            Length = planned.Length,
        });
        _injections.Add(Task.Run(() => InjectAsync(planned, worker, process, calm), CancellationToken.None));
        return true;
    }

    private async Task InjectAsync(PlannedFault planned, int worker, int process, CancellationToken calm)
    {
        void OnInject()
        {
            DateTime time = DateTime.UtcNow;
            _notes.Enqueue(() => _watch.OnInjected(planned.Number, time));
        }

        await cluster.InjectAsync(new(planned, worker, process, OnInject), calm).ConfigureAwait(false);
        DateTime undone = DateTime.UtcNow;
        _notes.Enqueue(() => _watch.Undo(planned.Number, undone));
    }
}
