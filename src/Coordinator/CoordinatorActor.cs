using Akka.Actor;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Protocol;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>What a coordinator runs with. Everything in it belongs to whoever started the run and outlives the actor.</summary>
public sealed record CoordinatorSetup
{
    /// <summary>The state machine's settings.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>What workers in this process compute with.</summary>
    public required WorkerSetup Workers { get; init; }

    /// <summary>How many workers in this process.</summary>
    public required int LocalWorkers { get; init; }

    /// <summary>What workers of other processes need; null where none can join.</summary>
    public RemoteSetup? Remote { get; init; }

    /// <summary>How long the run waits for enough workers to begin; null: for ever.</summary>
    public TimeSpan? StartTimeout { get; init; }

    /// <summary>Weights and optimizer; touched by the actor alone while the run goes on.</summary>
    public required TrainingState State { get; init; }

    /// <summary>Where each metric lies.</summary>
    public required ParameterLayout Layout { get; init; }

    /// <summary>Where checkpoints go; null: nowhere.</summary>
    public CheckpointWriter? Checkpoints { get; init; }

    /// <summary>Who is told what happens.</summary>
    public IReadOnlyList<IRunObserver> Observers { get; init; } = [];

    /// <summary>Called whenever the actor has had a look at its clock; null: nobody wants to know that it lives.</summary>
    public Action? Beat { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives how the run ended.</summary>
    public required TaskCompletionSource<RunReport> Ended { get; init; }
}

/// <summary>How a run ended and what it took.</summary>
/// <param name="Outcome">Completed, interrupted or failed.</param>
/// <param name="Final">What the state machine remembers.</param>
/// <param name="LastEpoch">The last evaluated epoch; null if none was.</param>
/// <param name="RemoteSlots">Slots of the nodes whose results were used.</param>
public sealed record RunReport(RunOutcome Outcome, RunState Final, EpochCompleted? LastEpoch, int RemoteSlots);

/// <summary>Asks the coordinator to end the run at the next step boundary.</summary>
public sealed record StopTraining;

/// <summary>
/// The thin shell around <see cref="TrainingRun"/>: messages become inputs, effects become messages, buffers and timers.
/// It decides nothing.
/// </summary>
public sealed class CoordinatorActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private readonly CoordinatorSetup _setup;
    private readonly TrainingRun _run;
    private readonly long _startedAt;
    private readonly Dictionary<WorkerId, IActorRef> _workers = [];
    private readonly Dictionary<WorkerId, (long Leaves, long Rows)> _progress = [];
    private readonly Dictionary<RoundKind, GradientTree> _sums;
    private readonly Dictionary<WorkerId, AddRemoteWorker> _remote = [];
    private readonly Dictionary<string, int> _slotsUsed = [];
    private readonly HashSet<WorkerId> _local = [];
    private readonly Queue<RunInput> _inputs = new();
    private readonly EpochMeans _means = new();
    private RunState _state;
    private NodeResult? _arrived;
    private TimeSpan _stepBegan;
    private TimeSpan _progressTold;
    private EpochCompleted? _lastEpoch;
    private IActorRef? _registry;

    /// <summary>Creates the coordinator of one run.</summary>
    public CoordinatorActor(CoordinatorSetup setup)
    {
        _setup = setup;
        _run = new TrainingRun(setup.Settings);
        _state = _run.Begin(setup.State.Step);
        _startedAt = setup.Time.GetTimestamp();
        _sums = new()
        {
            [RoundKind.Gradient] = new(setup.Settings.Minibatch.Leaves),
            [RoundKind.Test] = new(setup.Settings.Test.Leaves),
        };
        if (setup.Settings.Validation is { } validation)
        {
            _sums[RoundKind.Validation] = new(validation.Leaves);
        }

        Receive<GradientComputed>(Take);
        Receive<EvaluationComputed>(Take);
        Receive<TimerElapsed>(_ => Turn());
        Receive<WorkerStarted>(started => Admit(started.Worker, Sender));
        Receive<LeafWorkFailed>(failed => Decide(new LeavesFailed(failed.Worker, failed.Round, failed.Leaves, failed.Error)));
        Receive<Terminated>(terminated => Miss(terminated.ActorRef));
        Receive<CheckpointStored>(Note);
        Receive<CheckpointLost>(lost => Tell(new CheckpointFailed(lost.Step, lost.Reason) { At = Now }));
        Receive<StopTraining>(_ => Decide(new StopRequested()));
        Receive<AddRemoteWorker>(Add);
        Receive<RemoteWorkerGone>(LoseRemote);
        Receive<StartTimedOut>(_ => GiveUpStarting());
        Receive<CloseLink>(CloseLinks);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _setup.Time.GetElapsedTime(_startedAt);

    /// <summary>The configuration that gives the coordinator and its proxies of remote workers one thread of their own.</summary>
    public const string DispatcherConfig =
        """
        nncluster.coordinator-dispatcher {
          type = Dispatcher
          executor = "NnCluster.Protocol.OwnThreadExecutor, NnCluster.Shared"
        }
        """;

    /// <summary>Props for a coordinator on a thread of its own.</summary>
    public static Props Props(CoordinatorSetup setup) =>
        Akka.Actor.Props.Create(() => new CoordinatorActor(setup)).WithDispatcher("nncluster.coordinator-dispatcher");

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(TimerElapsed), TimerElapsed.Instance, TickInterval);
        if (_setup.StartTimeout is { } patience)
        {
            Timers.StartSingleTimer(nameof(StartTimedOut), StartTimedOut.Instance, patience);
        }

        IActorRef self = Self;
        if (_setup.Checkpoints is { } checkpoints)
        {
            checkpoints.Stored += (step, path, took) => self.Tell(new CheckpointStored(step, path, took));
            checkpoints.Failed += (step, reason) => self.Tell(new CheckpointLost(step, reason));
        }

        for (int i = 0; i < _setup.LocalWorkers; i++)
        {
            var id = new WorkerId($"worker-{i + 1}");
            _local.Add(id);
            Context.Watch(Context.ActorOf(WorkerActor.Props(id, _setup.Workers), id.Name));
        }
    }

    /// <inheritdoc/>
    protected override void PostStop() =>
        EndWith(_state.Outcome ?? new(false, "the coordinator stopped before the run was over"));

    // ---- messages become inputs ----

    private void Turn()
    {
        _setup.Beat?.Invoke();
        Decide(Tick.Now);
    }

    private void Admit(WorkerId id, IActorRef worker)
    {
        // A remote worker's last words may come after it was given up.
        AddRemoteWorker? remote = _remote.GetValueOrDefault(id);
        if (remote is null && !_local.Contains(id))
        {
            return;
        }

        _workers[id] = worker;
        Decide(new WorkerReady(id, remote?.Slots ?? 1));
    }

    private void Miss(IActorRef worker)
    {
        foreach ((WorkerId id, _) in _workers.Where(entry => entry.Value.Equals(worker)).ToArray())
        {
            _workers.Remove(id);
            Decide(new WorkerGone(id, "its actor ended"));
        }

        if (_workers.Count == 0 && _state.Outcome is null && _setup.Remote is null && !Context.GetChildren().Any())
        {
            EndWith(new(false, "no worker could be started"));
        }
    }

    private void Add(AddRemoteWorker add)
    {
        if (_state.Outcome is not null)
        {
            add.Link.Dispose();
            Sender.Tell(new RemoteWorkerGone(add.Id, "the run is over"));
            return;
        }

        _registry = Sender;
        _remote.Add(add.Id, add);
        Context.ActorOf(RemoteWorkerActor.Props(add.Id, add.Link, _setup.Remote!), add.Id.Name);
    }

    private void LoseRemote(RemoteWorkerGone gone)
    {
        if (!_remote.Remove(gone.Id))
        {
            return;
        }

        bool worked = _workers.Remove(gone.Id);
        Decide(new WorkerGone(gone.Id, gone.Reason));
        Context.Stop(Context.Child(gone.Id.Name));
        _registry!.Tell(gone with { BeforeWork = !worked });
    }

    private void Note(CheckpointStored stored)
    {
        Tell(new CheckpointWritten(stored.Step, stored.Path) { At = Now });
        Decide(new CheckpointMade(stored.Took));
    }

    private void GiveUpStarting()
    {
        if (_state is { Paused: true, Round: null })
        {
            Decide(new RunAborted($"only {_state.Slots} of {_setup.Settings.MinWorkers} workers were there within {_setup.StartTimeout!.Value.TotalSeconds:0.#} s (--min-workers, --start-timeout)"));
        }
    }

    private void CloseLinks(CloseLink close)
    {
        foreach (WorkerId id in _remote.Keys)
        {
            Context.Child(id.Name).Tell(close);
        }
    }

    private void EndWith(RunOutcome outcome) => _setup.Ended.TrySetResult(new(outcome, _state, _lastEpoch, _slotsUsed.Values.Sum()));

    private void Take(NodeResult result)
    {
        _arrived = result;
        Decide(new ResultArrived(result.Worker, result.Round, result.Node, result.Computing));
        _arrived = null;
    }

    private void Decide(RunInput first)
    {
        _inputs.Enqueue(first);
        while (_inputs.TryDequeue(out RunInput? input))
        {
            (_state, var effects) = _run.Decide(_state, input, Now);
            foreach (RunEffect effect in effects)
            {
                Perform(effect);
            }
        }

        TellProgress();
    }

    // ---- effects become messages ----

    private void Perform(RunEffect effect)
    {
        switch (effect)
        {
            case IssueLeaves issue:
                Issue(issue);
                break;
            case AcceptResult accept:
                Accept(accept.Node);
                break;
            case DropResult:
                _arrived?.Sum.Release();
                break;
            case TakeStep:
                ApplyStep();
                break;
            case TakeEvaluation take:
                AddUpEvaluation(take.Round);
                break;
            case AbandonRound abandon:
                _sums[abandon.Round.Kind].Clear();
                break;
            case WriteCheckpoint:
                _setup.Checkpoints?.Begin(_setup.State);
                break;
            case ReportEpoch report:
                Report(report);
                break;
            case Publish publish:
                Tell(publish.Event);
                break;
            case EndRun end:
                EndWith(end.Outcome);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(effect), effect, null);
        }
    }

    private void Issue(IssueLeaves issue)
    {
        if (_workers.TryGetValue(issue.Worker, out IActorRef? worker))
        {
            SharedBuffer parameters = _setup.State.Parameters.Share();
            worker.Tell(issue.Round.Kind == RoundKind.Gradient
                ? new ComputeGradient(issue.Round, issue.Leaves, parameters)
                : new ComputeEvaluation(issue.Round, issue.Leaves, parameters));
        }
    }

    private void Accept(NodeId node)
    {
        NodeResult result = _arrived ?? throw new InvalidOperationException($"Nothing has arrived that could be put at {node}.");
        _sums[result.Round.Kind].Put(node, result.Sum);
        ShardTree tree = _setup.Settings.TreeOf(result.Round.Kind);
        LeafRange leaves = tree.LeavesOf(node);
        (long doneLeaves, long doneRows) = _progress.GetValueOrDefault(result.Worker);
        _progress[result.Worker] = (doneLeaves + leaves.Count, doneRows + tree.RowsOf(leaves));
        if (_remote.TryGetValue(result.Worker, out AddRemoteWorker? remote))
        {
            _slotsUsed[remote.Name] = remote.Slots;
        }
    }

    private void ApplyStep()
    {
        GradientTree sums = _sums[RoundKind.Gradient];
        StepReport report = _setup.State.TakeStep(sums);
        sums.Clear();
        TimeSpan now = Now;
        TimeSpan began = _state.Round?.StartedAt ?? _stepBegan;
        _stepBegan = now;
        if (report.Diagnosis is null)
        {
            _means.Add(report);
            double epoch = (double)report.Step * _setup.Settings.Minibatch.Rows / _setup.Workers.Data.Train.Rows;
            Tell(new StepCompleted(report.Step, epoch, report.Loss, report.Accuracy, report.LearningRate, report.GradientNorm, (now - began).TotalSeconds) { At = now });
        }

        _inputs.Enqueue(new StepTaken(report.Step, report.Diagnosis));
    }

    private void AddUpEvaluation(RoundId round)
    {
        GradientTree sums = _sums[round.Kind];
        float[] metrics = new float[_setup.Layout.EvaluationLength];
        sums.SumInto(0, metrics, new float[sums.ScratchLength(metrics.Length)]);
        sums.Clear();
        int rows = _setup.Settings.TreeOf(round.Kind).Rows;
        double accuracy = _setup.Workers.Data.Classes > 0 ? metrics[1] / (double)rows : double.NaN;
        _inputs.Enqueue(new EvaluationTaken(round, new(metrics[0] / (double)rows, accuracy, rows)));
    }

    private void Report(ReportEpoch report)
    {
        (float loss, float accuracy) = _means.Take();
        _lastEpoch = new EpochCompleted(
            report.Epoch, _state.Step, loss, accuracy, report.Test, report.Validation, _setup.State.TakeDeadUnits(), _state.TrainTime.TotalSeconds)
        { At = Now };
        Tell(_lastEpoch);
    }

    private void TellProgress()
    {
        TimeSpan now = Now;
        if (now - _progressTold < ProgressInterval)
        {
            return;
        }

        _progressTold = now;
        foreach ((WorkerId worker, (long leaves, long rows)) in _progress)
        {
            Tell(new WorkerProgress(worker.Name, leaves, rows) { At = now });
        }

        _progress.Clear();
    }

    private void Tell(RunEvent runEvent)
    {
        foreach (IRunObserver observer in _setup.Observers)
        {
            try
            {
                observer.Observe(runEvent);
            }
            catch (RunDirectoryException e)
            {
                _inputs.Enqueue(new RunAborted(e.Message));
            }
        }
    }

    private sealed record TimerElapsed
    {
        public static readonly TimerElapsed Instance = new();
    }

    private sealed record StartTimedOut
    {
        public static readonly StartTimedOut Instance = new();
    }

    private sealed record CheckpointStored(long Step, string Path, TimeSpan Took);

    private sealed record CheckpointLost(long Step, string Reason);

    /// <summary>Mean loss and accuracy of the minibatches since the last report.</summary>
    private sealed class EpochMeans
    {
        private double _loss;
        private double _accuracy;
        private int _steps;

        public void Add(StepReport report)
        {
            _loss += report.Loss;
            _accuracy += report.Accuracy;
            _steps++;
        }

        public (float Loss, float Accuracy) Take()
        {
            (float, float) means = _steps == 0 ? (float.NaN, float.NaN) : ((float)(_loss / _steps), (float)(_accuracy / _steps));
            (_loss, _accuracy, _steps) = (0, 0, 0);
            return means;
        }
    }
}
