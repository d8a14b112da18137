using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>Puts what a run says of itself beside the faults that struck it. Knows no process and no clock.</summary>
/// <param name="workers">The names of the workers.</param>
internal sealed class FaultWatch(IReadOnlyList<string> workers)
{
    private readonly List<FaultRecord> _open = [];
    private readonly List<FaultRecord> _closed = [];
    private readonly HashSet<string> _present = [];

    /// <summary>Faults whose consequences are not over.</summary>
    public IReadOnlyList<FaultRecord> Open => _open;

    /// <summary>Faults that are over.</summary>
    public IReadOnlyList<FaultRecord> Closed => _closed;

    /// <summary>Whether every worker is in the run and its first step is taken.</summary>
    public bool AllPresent => _present.Count == workers.Count && Incarnations > 0;

    /// <summary>Incarnations of the coordinator that have taken a step.</summary>
    public int Incarnations { get; private set; }

    /// <summary>Shards that were given out again, in all lives of the coordinator.</summary>
    public long ReassignedShards { get; private set; }

    /// <summary>Workers that were lost, in all lives of the coordinator.</summary>
    public int WorkersLost { get; private set; }

    /// <summary>Whether a worker is in the run and nothing is being done to it.</summary>
    public bool IsFree(string worker) => _present.Contains(worker) && _open.All(fault => fault.Target != worker);

    /// <summary>A fault is about to strike.</summary>
    public void Begin(FaultRecord fault) => _open.Add(fault);

    /// <summary>It strikes.</summary>
    public void Strike(int number, DateTime time)
    {
        Change(fault => fault.Number == number, fault => fault with { StruckAt = time });
        // A coordinator that dies has nobody.
        if (_open.Any(fault => fault.Number == number && fault.Kind == FaultKind.Coordinator))
        {
            _present.Clear();
        }
    }

    /// <summary>It is undone.</summary>
    public void Undo(int number, DateTime time) => Change(fault => fault.Number == number, fault => fault with { UndoneAt = time });

    /// <summary>Gives up on a fault whose consequences were never seen.</summary>
    public void GiveUp(int number) => Close(fault => fault.Number == number);

    /// <summary>Receives the next event of the run.</summary>
    public void Observe(LoggedEvent logged)
    {
        DateTime time = logged.TimeUtc;
        switch (logged.Event)
        {
            case ParticipantJoined joined:
                Joined(SubtreeOf(joined.Participant), time);
                break;
            case ParticipantLost lost:
                WorkersLost++;
                Lost(SubtreeOf(lost.Participant), time);
                break;
            case ShardsReassigned reassigned:
                ReassignedShards += reassigned.Shards;
                Reassigned(SubtreeOf(reassigned.From), reassigned.Shards, time);
                break;
            case ShardsRecovered:
                Change(
                    fault => fault.Reassigned is not null && fault.Recovered is null,
                    fault => fault with { Recovered = time - fault.StruckAt });
                break;
            case FirstStepTaken:
                Incarnations++;
                Change(Struck(FaultKind.Coordinator, time), fault => fault with { Recovered = time - fault.StruckAt });
                break;
            case CheckpointFailed:
                Change(Struck(FaultKind.Disk, time), fault => fault with { Noticed = fault.Noticed ?? time - fault.StruckAt });
                break;
            case CheckpointWritten:
                Change(
                    fault => fault.Kind == FaultKind.Disk && fault.UndoneAt <= time,
                    fault => fault with { Recovered = time - fault.StruckAt });
                break;
        }
    }

    /// <summary>Closes the faults whose consequences are over.</summary>
    /// <returns>Those.</returns>
    public IReadOnlyList<FaultRecord> Settle() => Close(IsOver);

    private bool IsOver(FaultRecord fault) => fault.UndoneAt is not null && fault.Kind switch
    {
        FaultKind.Kill or FaultKind.Corrupt => fault.Lost && fault.Back is not null && IsWhole(fault),
        FaultKind.Stop or FaultKind.Slow or FaultKind.Partition => (!fault.Lost || fault.Back is not null) && IsWhole(fault),
        FaultKind.Coordinator => fault.Recovered is not null && AllPresent,
        _ => fault.Recovered is not null,
    };

    private static bool IsWhole(FaultRecord fault) => fault.Reassigned is null || fault.Recovered is not null;

    private void Joined(string node, DateTime time)
    {
        _present.Add(node);
        Change(
            fault => fault.Target == node && fault.Lost && fault.Back is null && fault.StruckAt <= time,
            fault => fault with { Back = time - fault.StruckAt });
    }

    private void Lost(string node, DateTime time)
    {
        _present.Remove(node);
        Change(
            fault => fault.Target == node && fault.StruckAt <= time,
            fault => fault with { Lost = true, Back = null, Noticed = fault.Noticed ?? time - fault.StruckAt });
    }

    private void Reassigned(string node, long shards, DateTime time) => Change(
        fault => fault.Target == node && fault.StruckAt <= time,
        fault => fault with
        {
            Noticed = fault.Noticed ?? time - fault.StruckAt,
            Reassigned = fault.Reassigned ?? time - fault.StruckAt,
            Shards = fault.Shards + shards,
        });

    private static Predicate<FaultRecord> Struck(FaultKind kind, DateTime time) =>
        fault => fault.Kind == kind && fault.Recovered is null && fault.StruckAt <= time;

    private void Change(Predicate<FaultRecord> which, Func<FaultRecord, FaultRecord> change)
    {
        for (int i = 0; i < _open.Count; i++)
        {
            if (which(_open[i]))
            {
                _open[i] = change(_open[i]);
            }
        }
    }

    private FaultRecord[] Close(Predicate<FaultRecord> which)
    {
        FaultRecord[] over = [.. _open.Where(fault => which(fault))];
        _open.RemoveAll(which);
        _closed.AddRange(over);
        return over;
    }

    // "worker-3.2" is the second life of the node worker-3.
    private static string SubtreeOf(string worker) => worker[..Math.Max(worker.LastIndexOf('.'), 0)];
}
