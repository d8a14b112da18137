using System.Runtime.Intrinsics;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>What came out of a simulated run.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Digest">Over the reduced values of all steps.</param>
/// <param name="Elapsed">Virtual time.</param>
/// <param name="TrainTime">Virtual time on minibatches, as the last life of the coordinator counts it.</param>
/// <param name="Decisions">Inputs that were decided.</param>
/// <param name="Final">What the state machine remembers.</param>
/// <param name="Incarnations">Incarnations of the coordinator.</param>
public sealed record SimulationResult(RunOutcome Outcome, long Steps, ulong Digest, TimeSpan Elapsed, TimeSpan TrainTime, long Decisions, RunState Final, int Incarnations);

/// <summary>
/// A discrete-event simulation around <see cref="TrainingRun"/>: the same state machine as in a real run, on a virtual
/// clock, a virtual network and workers that fail on schedule. Everything depends on the scenario alone, so that a
/// seed that fails replays exactly.
/// </summary>
public sealed partial class SimulatedRun
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
    private SimulatedState _stored;
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

    /// <summary>Runs a scenario once and checks the promises at every event.</summary>
    /// <param name="scenario">What to run.</param>
    /// <param name="rules">Other rules than the run's own.</param>
    /// <param name="limit">The virtual time it must be done in; null: no limit.</param>
    /// <exception cref="SimulationFailedException">A promise is broken.</exception>
    public static SimulationResult RunOnce(Scenario scenario, RunRules? rules = null, TimeSpan? limit = null) =>
        new SimulatedRun(scenario, rules, new(scenario.Settings), HistoryLength).RunToEnd(limit);

    /// <summary>The whole history of a scenario, a line an event.</summary>
    public static IReadOnlyList<string> Trace(Scenario scenario)
    {
        var simulation = new SimulatedRun(scenario, null, new(scenario.Settings), int.MaxValue);
        simulation.RunToEnd(null);
        return [.. simulation._history.Lines()];
    }

    /// <summary>Runs what a seed stands for: <see cref="Run(Scenario, RunRules?)"/> of <see cref="Scenario.FromSeed(int)"/>.</summary>
    public static SimulationResult Run(int seed) => Run(Scenario.FromSeed(seed));

    /// <summary>Runs a scenario undisturbed and disturbed: both must come to the same end, the second in time.</summary>
    /// <exception cref="SimulationFailedException">A promise is broken.</exception>
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
            : throw simulation.Failure($"the run ended after {disturbed.Steps} steps with {disturbed.Digest:x}, undisturbed after {undisturbed.Steps} with {undisturbed.Digest:x}");
    }

    /// <summary>
    /// The liveness bound. When the last fault is over, a link that hangs is closed after the failure detection, and
    /// nobody waits longer than a deadline; then at worst the whole run is taken again by one worker alone.
    /// </summary>
    public static TimeSpan Limit(Scenario scenario, TimeSpan undisturbed)
    {
        TimeSpan faultsEnd = scenario.Faults.Select(fault => fault.End).DefaultIfEmpty().Max();
        TimeSpan waiting = scenario.Settings.Recovery.FirstDeadline + scenario.Cluster.FailureDetection + (4 * scenario.Cluster.ReconnectInterval);
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
            _events.At(fault.At, () => Strike(fault));
        }

        while (_coordinator?.State.Outcome is null)
        {
            if (!_events.Advance())
            {
                throw Failure("nothing will ever happen again, and the run is not over");
            }

            if (_events.Now > limit)
            {
                throw Failure($"the run is not over after {limit.Value.TotalSeconds:0.0} s");
            }
        }

        RunState final = _coordinator.State;
        SimulatedState trained = _coordinator.Trained;
        TimeSpan ended = _events.Now;
        _over = true;
        while (_events.Now - ended < AfterTheEnd && _events.Advance())
        {
            // What is still on the way arrives, and must change nothing.
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

    // ---- the coordinator's lives ----

    private void BeginIncarnation()
    {
        _incarnations++;
        _history.Add(_events.Now, $"coordinator begins life {_incarnations} after step {_stored.Step}");
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

    // A later life may already have stored the same step again.
    private void Store(SimulatedState state) => _stored = state.Step > _stored.Step ? state : _stored;

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

    /// <summary>A new life of the worker: it tries until it has a link.</summary>
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
        machine.Process = new(_events, _scenario.Cluster, _scenario.Settings, connection, _scenario.Seed) { Answer = Answer, Report = Report };
        _network.SendUp(connection, _scenario.Cluster.HeaderBytes, () =>
        {
            if (connection.Open)
            {
                _coordinator?.Admit(connection);
            }
        });
    }

    private void Send(Connection connection, ShardOrder order)
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

    private void Report(Connection connection, ShardsFailed failed) =>
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

    /// <summary>The link is gone; the coordinator hears of it after <paramref name="noticed"/>, the worker tries anew after <paramref name="back"/>.</summary>
    private void Lose(Connection connection, string reason, TimeSpan noticed, TimeSpan back)
    {
        if (connection.Open)
        {
            Disconnect(connection, back);
            SimulatedCoordinator? coordinator = _coordinator;
            _events.After(noticed, () => coordinator?.Receive(new ParticipantGone(connection.Participant, reason)));
        }
    }

    private void Disconnect(Connection connection, TimeSpan back)
    {
        connection.Close();
        connection.Machine.Process = null;
        Start(connection.Machine, back);
    }
}
