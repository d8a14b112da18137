using System.Runtime.Intrinsics;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>
/// The coordinator in one term: a shell around the rules on the virtual clock. Like the actor, it handles one message after the
/// other, and none while it takes a step.
/// </summary>
internal sealed class SimulatedCoordinator
{
    private readonly EventQueue _events;
    private readonly ClusterModel _model;
    private readonly RunSettings _settings;
    private readonly RunRules _rules;
    private readonly Invariants _invariants;
    private readonly BufferPool _pool;
    private readonly History _history;
    private readonly Dictionary<RoundKind, SubtreeSums> _sums = [];
    private readonly Dictionary<ParticipantId, Connection> _connections = [];
    private readonly Queue<(RunInput Input, Vector128<float> Sum)> _mailbox = new();
    private readonly float[] _scratch;
    private Vector128<float> _arrived;
    private int _sumsPut;
    private bool _busy;

    /// <summary>A coordinator that resumes from <paramref name="from"/>.</summary>
    public SimulatedCoordinator(
        EventQueue events,
        ClusterModel model,
        RunSettings settings,
        RunRules rules,
        Invariants invariants,
        BufferPool pool,
        History history,
        SimulatedCheckpoint from)
    {
        _events = events;
        _model = model;
        _settings = settings;
        _rules = rules;
        _invariants = invariants;
        _pool = pool;
        _history = history;
        Trained = from.Trained;
        Kept = from.Kept;
        State = new TrainingRun(settings).Begin(from.Trained.Step, from.Selection);
        foreach (RoundKind kind in Enum.GetValues<RoundKind>())
        {
            if (kind != RoundKind.Validation || settings.Trees.Validation is not null)
            {
                _sums[kind] = new(settings.Trees.Of(kind).Shards);
            }
        }

        _scratch = new float[_sums.Values.Max(sums => sums.ScratchLength(Vector128<float>.Count))];
        invariants.BeginIncarnation(State);
    }

    public RunState State { get; private set; }

    public SimulatedState Trained { get; private set; }

    /// <summary>The best state; null: none is kept.</summary>
    public SimulatedState? Kept { get; private set; }

    public bool Alive { get; private set; } = true;

    public int Decisions { get; private set; }

    public required Action<SimulatedCheckpoint> CheckpointBegun { get; init; }

    /// <summary>Called when a worker is refused while its link is open.</summary>
    public required Action<Connection> Refused { get; init; }

    /// <summary>Sends an assignment to a worker.</summary>
    public required Action<Connection, SimulatedAssignment> Send { get; init; }

    public void Tick()
    {
        if (Alive && State.Outcome is null)
        {
            Receive(Training.Tick.Now);
            _events.After(_model.TickInterval, Tick);
        }
    }

    public void Admit(Connection connection)
    {
        _connections[connection.Participant] = connection;
        Receive(new ParticipantReady(connection.Participant));
    }

    public void Receive(RunInput input, Vector128<float> sum = default)
    {
        if (Alive)
        {
            _mailbox.Enqueue((input, sum));
            Read();
        }
    }

    /// <summary>The process dies: its pending events have no effect.</summary>
    public void Die()
    {
        Alive = false;
        foreach (SubtreeSums sums in _sums.Values)
        {
            sums.Clear();
        }
    }

    private void Read()
    {
        while (!_busy && _mailbox.TryDequeue(out (RunInput Input, Vector128<float> Sum) message))
        {
            _arrived = message.Sum;
            Decide(message.Input);
        }
    }

    private void Decide(RunInput input)
    {
        if (input is not Training.Tick)
        {
            _history.Add(_events.Now, input);
        }

        if (input is ParticipantGone gone)
        {
            _connections.Remove(gone.Participant);
        }

        RunState before = State;
        (State, var effects) = _rules(before, input, _events.Now);
        Decisions++;
        _invariants.Check(before, input, State, effects);
        foreach (RunEffect effect in effects)
        {
            _history.Add(_events.Now, effect);
            Perform(input, effect);
        }
    }

    private void Perform(RunInput input, RunEffect effect)
    {
        switch (effect)
        {
            case AssignShards assign:
                Assign(assign);
                break;
            case AcceptResult accept:
                RefCountedBuffer buffer = _pool.Rent();
                _arrived.CopyTo(buffer.Span);
                _sums[((ResultArrived)input).Round.Kind].Put(accept.Subtree, buffer);
                _sumsPut++;
                break;
            case TakeStep take:
                TakeStep(take.Round);
                break;
            case TakeEvaluation take:
                AddUp(take.Round);
                Busy(TimeSpan.Zero, () => new EvaluationTaken(take.Round, ShardValues.Evaluation(take.Round, _settings.Trees.Of(take.Round.Kind).Rows)));
                break;
            case AbandonRound abandon:
                _sums[abandon.Round.Kind].Clear();
                break;
            case KeepModelState:
                Kept = Trained;
                break;
            case WriteCheckpoint write:
                CheckpointBegun(new(Trained, write.Selection, Kept));
                _events.After(_model.CheckpointTime, () => Receive(new CheckpointMade(_model.CheckpointTime)));
                break;
            case RefuseParticipant refuse when _connections.Remove(refuse.Participant, out Connection? refused):
                Refused(refused);
                break;
            default:
                break;
        }
    }

    private void Assign(AssignShards assign)
    {
        if (!_connections.TryGetValue(assign.Participant, out Connection? connection))
        {
            throw _invariants.Failure($"{assign.Shards} was assigned to {assign.Participant}, which has no link");
        }

        Send(connection, new(assign.Round, assign.Shards, Trained.Weights));
    }

    private void TakeStep(RoundId round)
    {
        TimeSpan time = _model.OptimizerTime + (_sumsPut * _model.AddTime);
        Vector128<float> sum = AddUp(round);
        Busy(time, () =>
        {
            Trained = ShardValues.Step(Trained, sum);
            return new StepTaken(Trained.Step, null);
        });
    }

    private Vector128<float> AddUp(RoundId round)
    {
        SubtreeSums sums = _sums[round.Kind];
        if (!sums.IsComplete)
        {
            throw _invariants.Failure($"{round} is reduced, but shards are missing");
        }

        Span<float> sum = stackalloc float[Vector128<float>.Count];
        sums.SumInto(0, sum, _scratch);
        sums.Clear();
        _sumsPut = 0;
        var whole = Vector128.Create<float>(sum);
        _invariants.CheckSum(round, whole);
        return whole;
    }

    // The shell takes a step synchronously: no message is handled between the effect and its result.
    private void Busy(TimeSpan time, Func<RunInput> work)
    {
        _busy = true;
        _events.After(time, () =>
        {
            if (Alive)
            {
                _busy = false;
                Decide(work());
                Read();
            }
        });
    }
}
