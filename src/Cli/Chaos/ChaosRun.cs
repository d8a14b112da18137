using System.Collections.Concurrent;
using System.Diagnostics;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Chaos;

/// <summary>Result of the run under faults.</summary>
/// <param name="End">End of the coordinator.</param>
/// <param name="Watch">The faults and their consequences.</param>
/// <param name="Growth">Memory, threads and handles of its processes.</param>
/// <param name="Time">Time since all nodes had joined.</param>
internal sealed record DisturbedRun(ProcessEnd End, FaultWatch Watch, IReadOnlyDictionary<string, UseGrowth> Growth, TimeSpan Time);

/// <summary>Trains under a schedule of faults.</summary>
/// <param name="plan">The parameters.</param>
/// <param name="cluster">The cluster under faults.</param>
/// <param name="log">Gets a log line for each fault whose consequences are over.</param>
/// <param name="status">Gets a status record for each fault whose consequences are over.</param>
internal sealed class ChaosRun(ChaosPlan plan, ChaosCluster cluster, Action<string> log, Action<StatusRecord> status)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ObservationTimeout = TimeSpan.FromSeconds(60);

    private readonly FaultSchedule _schedule = new(plan.Seed, plan.Kinds, plan.Nodes);
    private readonly FaultWatch _watch = new(cluster.Nodes);
    private readonly EventTail _tail = new(new RunPaths(cluster.RunDirectory).Events);
    private readonly UseSamples _samples = new();
    private readonly ConcurrentQueue<Action> _injectionRecords = new();
    private readonly List<Task> _injections = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private TimeSpan? _started;
    private TimeSpan _next;
    private int _number;

    private TimeSpan Now => Stopwatch.GetElapsedTime(_began);

    /// <summary>Runs until the training is over, the duration has passed, or <paramref name="stop"/> is cancelled.</summary>
    /// <exception cref="FaultException">A fault cannot be injected.</exception>
    public async Task<DisturbedRun> RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var stopFaults = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<ProcessEnd> run = cluster.RunAsync(end.Token);
        try
        {
            while (!run.IsCompleted)
            {
                Observe();
                if (!stop.IsCancellationRequested)
                {
                    Act(end, stopFaults.Token);
                }

                await Delay.ForAsync(Interval, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            await stopFaults.CancelAsync().ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_injections).ConfigureAwait(false);
        }

        ProcessEnd ended = await run.ConfigureAwait(false);
        Observe();
        return new(ended, _watch, _samples.Growth(), Now - (_started ?? Now));
    }

    // Events are read before injections are recorded: the watch then knows an injection before any event that it caused.
    private void Observe()
    {
        IReadOnlyList<LoggedEvent> events = _tail.Read();
        while (_injectionRecords.TryDequeue(out Action? recordInjection))
        {
            recordInjection();
        }

        foreach (LoggedEvent logged in events)
        {
            _watch.Observe(logged);
        }

        foreach (FaultRecord fault in _watch.Settle())
        {
            Report(fault, "");
        }

        foreach (FaultRecord fault in _watch.Open.Where(fault => DateTime.UtcNow - fault.RemovedAt > ObservationTimeout).ToArray())
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

    private void Act(CancellationTokenSource end, CancellationToken stopFaults)
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
        else if (Now >= _next && TryInject(stopFaults))
        {
            _next = Now + plan.Every;
            _number++;
        }
    }

    /// <summary>Injects the next fault, unless its target is not in the run or has another fault.</summary>
    private bool TryInject(CancellationToken stopFaults)
    {
        PlannedFault planned = _schedule[_number];
        bool exclusive = FaultSchedule.IsExclusive(planned.Kind);
        if (exclusive ? _watch.Open.Count > 0 || !_watch.AllPresent : _watch.Open.Any(fault => FaultSchedule.IsExclusive(fault.Kind)))
        {
            return false;
        }

        int[] free =
        [
            .. Enumerable.Range(planned.Node, plan.Nodes)
                .Select(node => node % plan.Nodes)
                .Where(node => _watch.IsFree(cluster.Nodes[node])),
        ];
        // Keep one node without a fault: shards are reassigned to it.
        if (!exclusive && free.Length < Math.Min(2, plan.Nodes))
        {
            return false;
        }

        int node = exclusive ? 0 : free[0];
        if (cluster.ProcessOf(planned.Kind, node) is not { } process)
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
                _ => cluster.Nodes[node],
            },
            Length = planned.Length,
        });
        _injections.Add(Task.Run(() => InjectAsync(planned, node, process, stopFaults), CancellationToken.None));
        return true;
    }

    private async Task InjectAsync(PlannedFault planned, int node, int process, CancellationToken stopFaults)
    {
        void OnInject()
        {
            DateTime time = DateTime.UtcNow;
            _injectionRecords.Enqueue(() => _watch.OnInjected(planned.Number, time));
        }

        await cluster.InjectAsync(new(planned, node, process, OnInject), stopFaults).ConfigureAwait(false);
        DateTime removed = DateTime.UtcNow;
        _injectionRecords.Enqueue(() => _watch.OnRemoved(planned.Number, removed));
    }
}
