using System.Runtime.Intrinsics;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Result of a simulated run.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Steps">Optimizer steps taken.</param>
/// <param name="Digest">Digest of the reduced sums of all steps.</param>
/// <param name="Elapsed">Virtual time of the run.</param>
/// <param name="TrainTime">Virtual time spent on minibatches in the last term.</param>
/// <param name="Decisions">Number of inputs decided.</param>
/// <param name="Final">Last state of the state machine.</param>
/// <param name="Incarnations">Terms of the coordinator.</param>
internal sealed record SimulationResult(
    RunOutcome Outcome, long Steps, ulong Digest, TimeSpan Elapsed, TimeSpan TrainTime, long Decisions, RunState Final, int Incarnations);

/// <summary>
/// Discrete-event simulation around <see cref="TrainingRun"/>: the state machine of a real run on a virtual clock and a virtual
/// network, with workers that fail on schedule. Deterministic: a failing seed replays exactly.
/// </summary>
internal sealed partial class SimulatedRun
{
    private const int HistoryLength = 80;
    private static readonly TimeSpan AfterTheEnd = TimeSpan.FromMilliseconds(100);

    private readonly Scenario _scenario;
    private readonly RunRules _rules;
    private readonly EventQueue _events = new();
    private readonly SplitMix _random;
    private readonly StarNetwork _network;
    private readonly History _history;
    private readonly Invariants _invariants;
    private readonly ReferenceRun _reference;
    private readonly BufferPool _pool = new(Vector128<float>.Count);
    private readonly List<Machine> _machines = [];
    private readonly Queue<(ResultArrived Result, Vector128<float> Sum)> _latest = new();
    private SimulatedCoordinator? _coordinator;
    private SimulatedCheckpoint _stored = SimulatedCheckpoint.Start;
    private long _decisions;
    private int _incarnations;
    private bool _over;

    private SimulatedRun(Scenario scenario, RunRules? rules, ReferenceRun reference, int historyLength)
    {
        _scenario = scenario;
        _rules = rules ?? new TrainingRun(scenario.Settings).Decide;
        _random = new(SplitMix.Mix(scenario.Seed ^ 0x51AB));
        _network = new(_events, scenario.Cluster, _random);
        _history = new(historyLength);
        _reference = reference;
        _invariants = new(scenario.Settings, reference, Failure);
    }

    /// <summary>Runs a scenario once and checks the invariants at every event.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="rules">Rules in place of the run's own; null: the run's own.</param>
    /// <param name="limit">Virtual time in which the run must end; null: no limit.</param>
    /// <exception cref="SimulationFailedException">An invariant is violated.</exception>
    public static SimulationResult RunOnce(Scenario scenario, RunRules? rules = null, TimeSpan? limit = null) =>
        new SimulatedRun(scenario, rules, new(scenario.Settings), HistoryLength).RunToEnd(limit);

    /// <summary>The whole history of a scenario, one line per event.</summary>
    public static IReadOnlyList<string> Trace(Scenario scenario)
    {
        var simulation = new SimulatedRun(scenario, null, new(scenario.Settings), int.MaxValue);
        simulation.RunToEnd(null);
        return [.. simulation._history.Lines()];
    }

    /// <summary>Runs the scenario of a seed: <see cref="Run(Scenario, RunRules?)"/> of <see cref="Scenario.FromSeed(int)"/>.</summary>
    public static SimulationResult Run(int seed) => Run(Scenario.FromSeed(seed));

    /// <summary>Runs a scenario without and with faults: both must have the same result, the second within <see cref="Limit"/>.</summary>
    /// <exception cref="SimulationFailedException">An invariant is violated.</exception>
    public static SimulationResult Run(Scenario scenario, RunRules? rules = null)
    {
        var reference = new ReferenceRun(scenario.Settings);
        SimulationResult undisturbed = new SimulatedRun(scenario.Undisturbed, null, reference, HistoryLength).RunToEnd(null);
        var simulation = new SimulatedRun(scenario, rules, reference, HistoryLength);
        SimulationResult disturbed = simulation.RunToEnd(Limit(scenario, undisturbed.Elapsed));
        bool sameEnd = disturbed.Outcome.Interrupted
            ? disturbed.Digest == reference.After(disturbed.Steps).Digest
            : disturbed.Steps == undisturbed.Steps && disturbed.Digest == undisturbed.Digest;
        return sameEnd
            ? disturbed
            : throw simulation.Failure(
                $"the run ended after {disturbed.Steps} steps with {disturbed.Digest:x}, "
                + $"undisturbed after {undisturbed.Steps} with {undisturbed.Digest:x}");
    }

    /// <summary>
    /// Liveness bound. After the last fault, hanging links are closed within the failure detection time, and no wait exceeds a
    /// deadline; at worst one worker alone then repeats the whole run.
    /// </summary>
    public static TimeSpan Limit(Scenario scenario, TimeSpan undisturbed)
    {
        TimeSpan faultsEnd = scenario.Faults.Select(fault => fault.End).DefaultIfEmpty().Max();
        ClusterModel cluster = scenario.Cluster;
        TimeSpan waiting = scenario.Settings.Recovery.FirstDeadline + cluster.FailureDetection + (4 * cluster.ReconnectInterval);
        return faultsEnd + waiting + (2 * scenario.Cluster.Workers * undisturbed);
    }

    private SimulationResult RunToEnd(TimeSpan? limit)
    {
        for (int machine = 0; machine < _scenario.Cluster.Workers; machine++)
        {
            AddMachine();
        }

        BeginIncarnation();
        foreach (Fault fault in _scenario.Faults)
        {
            _events.At(fault.At, () => Inject(fault));
        }

        while (_coordinator?.State.Outcome is null)
        {
            if (!_events.Advance())
            {
                throw Failure("no event is planned, and the run has not ended");
            }

            if (_events.Now > limit)
            {
                throw Failure($"the run is not over after {limit.Value.TotalSeconds:0.0} s");
            }
        }

        RunState final = _coordinator.State;
        SimulatedState trained = _coordinator.Trained;
        _invariants.CheckResult(final, _coordinator.Kept);
        TimeSpan ended = _events.Now;
        _over = true;
        while (_events.Now - ended < AfterTheEnd && _events.Advance())
        {
            // Messages still in flight arrive and must have no effect.
        }

        EndIncarnation();
        _pool.Dispose();
        if (final.Outcome!.Failure is { } why)
        {
            throw Failure($"the run failed: {why}");
        }

        return new(final.Outcome, trained.Step, trained.Digest, ended, final.TrainTime, _decisions, final, _incarnations);
    }

    private SimulationFailedException Failure(string message) => new(
        $"{_scenario.Name}: {message} (at {_events.Now.TotalMilliseconds:0.000} ms; replay with SimulatedRun.Run({_scenario.Name})).\n"
        + $"{_scenario.Settings}\n{_scenario.Cluster}\n"
        + string.Join('\n', _scenario.Faults) + "\n"
        + string.Join('\n', _history.Lines()));

    // ---- terms of the coordinator ----

    private void BeginIncarnation()
    {
        _incarnations++;
        _history.Add(_events.Now, $"coordinator begins term {_incarnations} after step {_stored.Trained.Step}");
        _coordinator = new(_events, _scenario.Cluster, _scenario.Settings, _rules, _invariants, _pool, _history, _stored)
        {
            CheckpointBegun = state => _events.After(_scenario.Cluster.CheckpointTime, () => Store(state)),
            Refused = connection => Disconnect(connection, TimeSpan.FromSeconds(1)),
            Send = Send,
        };
        _coordinator.Tick();
        foreach ((ResultArrived result, Vector128<float> sum) in _latest)
        {
            _events.After(_random.Time(TimeSpan.FromMilliseconds(50)), () => _coordinator?.Receive(result, sum));
        }
    }

    // A later term may already have stored the same step again.
    private void Store(SimulatedCheckpoint state) => _stored = state.Trained.Step > _stored.Trained.Step ? state : _stored;

    private void EndIncarnation()
    {
        if (_coordinator is { } coordinator)
        {
            _decisions += coordinator.Decisions;
            coordinator.Die();
            _coordinator = null;
        }
    }

    private void KillCoordinator(TimeSpan downtime)
    {
        EndIncarnation();
        foreach (Machine machine in _machines)
        {
            if (machine.Process is { } process)
            {
                Disconnect(process.Connection, TimeSpan.Zero);
            }
        }

        _events.After(downtime, () =>
        {
            if (_coordinator is null)
            {
                BeginIncarnation();
            }
        });
    }

    // ---- workers ----

    private void AddMachine()
    {
        var machine = new Machine(_machines.Count);
        _machines.Add(machine);
        Start(machine, TimeSpan.Zero);
    }

    /// <summary>Starts an incarnation of a node, which tries to connect until it succeeds.</summary>
    private void Start(Machine machine, TimeSpan delay)
    {
        int life = ++machine.Incarnations;
        _events.After(delay, () => Connect(machine, life));
    }

    private void Connect(Machine machine, int life)
    {
        if (machine.Incarnations != life)
        {
            return;
        }

        if (_coordinator is null || machine.Partitioned || machine.DownUntil > _events.Now || machine.HungUntil > _events.Now)
        {
            _events.After(_scenario.Cluster.ReconnectInterval, () => Connect(machine, life));
            return;
        }

        var connection = new Connection(new($"worker-{machine.Index + 1}.{life}"), machine, _random);
        machine.Process = new(_events, _scenario.Cluster, _scenario.Settings, connection, _scenario.Seed)
        {
            Answer = Answer,
            Report = Report,
        };
        _network.SendUp(connection, _scenario.Cluster.HeaderBytes, () =>
        {
            if (connection.Open)
            {
                _coordinator?.Admit(connection);
            }
        });
    }

    private void Send(Connection connection, SimulatedAssignment order)
    {
        ClusterModel cluster = _scenario.Cluster;
        bool hasWeights = connection.SentStep == order.Round.Step;
        connection.SentStep = order.Round.Step;
        _network.SendDown(connection, cluster.HeaderBytes + (hasWeights ? 0 : cluster.WeightBytes), () =>
        {
            if (connection.Open)
            {
                connection.Machine.Process?.Take(order);
            }
        });
    }

    private void Answer(Connection connection, ResultArrived result, Vector128<float> sum)
    {
        long bytes = result.Round.Kind == RoundKind.Gradient ? _scenario.Cluster.GradientBytes : _scenario.Cluster.EvaluationBytes;
        bool corrupt = connection.Machine.CorruptNext;
        connection.Machine.CorruptNext = false;
        _network.SendUp(connection, bytes + _scenario.Cluster.HeaderBytes, () =>
        {
            if (corrupt)
            {
                Lose(connection, "a damaged frame", TimeSpan.Zero, TimeSpan.Zero);
                return;
            }

            Deliver(result, sum);
            if (connection.Machine.DuplicatingUntil > _events.Now)
            {
                _events.After(_random.Time(TimeSpan.FromMilliseconds(50)), () => Deliver(result, sum));
            }
        });
    }

    private void Report(Connection connection, AssignmentFailed failed) =>
        _network.SendUp(connection, _scenario.Cluster.HeaderBytes, () => _coordinator?.Receive(failed));

    private void Deliver(ResultArrived result, Vector128<float> sum)
    {
        if (_latest.Count == 4)
        {
            _latest.Dequeue();
        }

        _latest.Enqueue((result, sum));
        _coordinator?.Receive(result, sum);
    }

    /// <summary>
    /// Breaks a link: the coordinator detects it after <paramref name="noticed"/>, the worker reconnects after
    /// <paramref name="back"/>.
    /// </summary>
    private void Lose(Connection connection, string reason, TimeSpan noticed, TimeSpan back)
    {
        if (connection.Open)
        {
            Disconnect(connection, back);
            SimulatedCoordinator? coordinator = _coordinator;
            _events.After(noticed, () => coordinator?.Receive(new ParticipantGone(connection.Participant, LossCause.LinkClosed, reason)));
        }
    }

    private void Disconnect(Connection connection, TimeSpan back)
    {
        connection.Close();
        connection.Machine.Process = null;
        Start(connection.Machine, back);
    }
}
