using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Effects of the faults on machines, links and the coordinator.</summary>
internal sealed partial class SimulatedRun
{
    private void Inject(Fault fault)
    {
        if (_over)
        {
            return;
        }

        _history.Add(_events.Now, fault);
        Machine machine = _machines[fault.Machine];
        switch (fault.Kind)
        {
            case SimulatedFaultKind.Kill:
                Kill(machine, fault.Duration);
                break;
            case SimulatedFaultKind.Pause:
                machine.HungUntil = fault.End;
                DetectSilence(machine, fault.Duration);
                break;
            case SimulatedFaultKind.Slow:
                machine.Slowdown = fault.Amount;
                _events.At(fault.End, () => machine.Slowdown = 1);
                break;
            case SimulatedFaultKind.Partition:
                machine.Partitioned = true;
                DetectSilence(machine, fault.Duration);
                _events.At(fault.End, () => Heal(machine));
                break;
            case SimulatedFaultKind.Flap:
                for (int death = 0; death < fault.Amount; death++)
                {
                    _events.After(fault.Duration * death / fault.Amount, () => Kill(machine, fault.Duration / (2 * fault.Amount)));
                }

                break;
            case SimulatedFaultKind.Join:
                AddMachine();
                break;
            case SimulatedFaultKind.Corrupt:
                machine.CorruptNext = true;
                break;
            case SimulatedFaultKind.Duplicate:
                machine.DuplicatingUntil = fault.End;
                break;
            case SimulatedFaultKind.Blackout:
                _machines.ForEach(each => Kill(each, fault.Duration));
                break;
            case SimulatedFaultKind.Error:
                machine.ErrorsLeft = fault.Amount;
                break;
            case SimulatedFaultKind.CoordinatorKill:
                KillCoordinator(fault.Duration);
                break;
            case SimulatedFaultKind.Stop:
                _coordinator?.Receive(new StopRequested());
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, null);
        }
    }

    private void Kill(Machine machine, TimeSpan downtime)
    {
        machine.DownUntil = _events.Now + downtime;
        if (machine.Process is { } process)
        {
            Lose(process.Connection, "killed", _scenario.Cluster.Latency, downtime);
        }
    }

    private void DetectSilence(Machine machine, TimeSpan duration)
    {
        if (duration > _scenario.Cluster.FailureDetection && machine.Process is { } process)
        {
            _events.After(_scenario.Cluster.FailureDetection, () => Lose(process.Connection, "unreachable", TimeSpan.Zero, TimeSpan.Zero));
        }
    }

    private static void Heal(Machine machine)
    {
        machine.Partitioned = false;
        machine.Process?.Connection.Heal();
    }
}
