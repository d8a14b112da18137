using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Cli.Chaos;

/// <summary>Assigns the events of a run to the faults that caused them. Pure: it uses no process and no clock.</summary>
/// <param name="nodes">Names of the nodes.</param>
internal sealed class FaultWatch(IReadOnlyList<string> nodes)
{
    private readonly List<FaultRecord> _open = [];
    private readonly List<FaultRecord> _closed = [];
    private readonly HashSet<string> _present = [];

    /// <summary>Faults whose consequences are not over.</summary>
    public IReadOnlyList<FaultRecord> Open => _open;

    /// <summary>Faults whose consequences are over.</summary>
    public IReadOnlyList<FaultRecord> Closed => _closed;

    /// <summary>Whether every node is in the run and the run has taken a step.</summary>
    public bool AllPresent => _present.Count == nodes.Count && Incarnations > 0;

    /// <summary>Number of coordinators that have taken a step.</summary>
    public int Incarnations { get; private set; }

    /// <summary>Number of shards that all coordinators have reassigned.</summary>
    public long ReassignedShards { get; private set; }

    /// <summary>Number of participants that all coordinators have lost.</summary>
    public int WorkersLost { get; private set; }

    /// <summary>Whether a node is in the run and the target of no fault.</summary>
    public bool IsFree(string node) => _present.Contains(node) && _open.All(fault => fault.Target != node);

    /// <summary>Adds a fault that is about to be injected.</summary>
    public void Begin(FaultRecord fault) => _open.Add(fault);

    /// <summary>Records the time of injection.</summary>
    public void OnInjected(int number, DateTime time)
    {
        Change(fault => fault.Number == number, fault => fault with { InjectedAt = time });
        // The next coordinator begins without nodes.
        if (_open.Any(fault => fault.Number == number && fault.Kind == ChaosFault.Coordinator))
        {
            _present.Clear();
        }
    }

    /// <summary>Records the time of removal.</summary>
    public void OnRemoved(int number, DateTime time) => Change(fault => fault.Number == number, fault => fault with { RemovedAt = time });

    /// <summary>Closes a fault whose consequences were not observed.</summary>
    public void GiveUp(int number) => Close(fault => fault.Number == number);

    /// <summary>Receives the next event of the run.</summary>
    public void Observe(LoggedEvent logged)
    {
        DateTime time = logged.TimeUtc;
        switch (logged.Event)
        {
            case ParticipantJoined joined:
                Joined(NodeOf(joined.Participant), time);
                break;
            case ParticipantLost lost:
                WorkersLost++;
                Lost(NodeOf(lost.Participant), time);
                break;
            case ShardsReassigned reassigned:
                ReassignedShards += reassigned.Shards;
                Reassigned(NodeOf(reassigned.From), reassigned.Shards, time);
                break;
            case ShardsRecovered:
                Change(
                    fault => fault.Reassigned is not null && fault.Recovered is null,
                    fault => fault with { Recovered = time - fault.InjectedAt });
                break;
            case FirstStepTaken:
                Incarnations++;
                Change(Injected(ChaosFault.Coordinator, time), fault => fault with { Recovered = time - fault.InjectedAt });
                break;
            case CheckpointFailed:
                Change(Injected(ChaosFault.Disk, time), fault => fault with { Noticed = fault.Noticed ?? time - fault.InjectedAt });
                break;
            case CheckpointWritten:
                Change(
                    fault => fault.Kind == ChaosFault.Disk && fault.RemovedAt <= time,
                    fault => fault with { Recovered = time - fault.InjectedAt });
                break;
        }
    }

    /// <summary>Closes the faults whose consequences are over.</summary>
    /// <returns>The closed faults.</returns>
    public IReadOnlyList<FaultRecord> Settle() => Close(IsOver);

    private bool IsOver(FaultRecord fault) => fault.RemovedAt is not null && fault.Kind switch
    {
        ChaosFault.Kill or ChaosFault.Corrupt => fault.Lost && fault.Back is not null && HasRecovered(fault),
        ChaosFault.Pause or ChaosFault.Slow or ChaosFault.Partition => (!fault.Lost || fault.Back is not null) && HasRecovered(fault),
        ChaosFault.Coordinator => fault.Recovered is not null && AllPresent,
        _ => fault.Recovered is not null,
    };

    private static bool HasRecovered(FaultRecord fault) => fault.Reassigned is null || fault.Recovered is not null;

    private void Joined(string node, DateTime time)
    {
        _present.Add(node);
        Change(
            fault => fault.Target == node && fault.Lost && fault.Back is null && fault.InjectedAt <= time,
            fault => fault with { Back = time - fault.InjectedAt });
    }

    private void Lost(string node, DateTime time)
    {
        _present.Remove(node);
        Change(
            fault => fault.Target == node && fault.InjectedAt <= time,
            fault => fault with { Lost = true, Back = null, Noticed = fault.Noticed ?? time - fault.InjectedAt });
    }

    private void Reassigned(string node, long shards, DateTime time) => Change(
        fault => fault.Target == node && fault.InjectedAt <= time,
        fault => fault with
        {
            Noticed = fault.Noticed ?? time - fault.InjectedAt,
            Reassigned = fault.Reassigned ?? time - fault.InjectedAt,
            Shards = fault.Shards + shards,
        });

    private static Predicate<FaultRecord> Injected(ChaosFault kind, DateTime time) =>
        fault => fault.Kind == kind && fault.Recovered is null && fault.InjectedAt <= time;

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

    // "worker-3.2" is the second incarnation of the node worker-3.
    private static string NodeOf(string participant) => participant[..Math.Max(participant.LastIndexOf('.'), 0)];
}
