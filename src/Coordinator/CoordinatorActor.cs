using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>
/// The thin shell around <see cref="TrainingRun"/>: messages become inputs, effects become messages, buffers and timers.
/// It decides nothing.
/// </summary>
public sealed partial class CoordinatorActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private readonly CoordinatorSetup _setup;
    private readonly TrainingRun _run;
    private readonly long _startedAt;
    private readonly Dictionary<ParticipantId, IActorRef> _workers = [];
    private readonly Dictionary<ParticipantId, (long Shards, long Rows)> _progress = [];
    private readonly Dictionary<RoundKind, SubtreeSums> _sums;
    private readonly Dictionary<ParticipantId, AddRemoteNode> _remote = [];
    private readonly Dictionary<string, int> _slotsUsed = [];
    private readonly HashSet<ParticipantId> _local = [];
    private readonly Queue<RunInput> _inputs = new();
    private readonly EpochMeans _means = new();
    private RunState _state;
    private SubtreeResult? _arrived;
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
            [RoundKind.Gradient] = new(setup.Settings.Minibatch.Shards),
            [RoundKind.Test] = new(setup.Settings.Test.Shards),
        };
        if (setup.Settings.Validation is { } validation)
        {
            _sums[RoundKind.Validation] = new(validation.Shards);
        }

        Receive<GradientComputed>(Take);
        Receive<EvaluationComputed>(Take);
        Receive<TimerElapsed>(_ => Turn());
        Receive<ParticipantStarted>(started => Admit(started.Participant, Sender));
        Receive<ShardWorkFailed>(failed => Decide(new ShardsFailed(failed.Participant, failed.Round, failed.Shards, failed.Error)));
        Receive<Terminated>(terminated => Miss(terminated.ActorRef));
        Receive<CheckpointStored>(Note);
        Receive<CheckpointLost>(lost => Tell(new CheckpointFailed(lost.Step, lost.Reason) { At = Now }));
        Receive<StopTraining>(_ => Decide(new StopRequested()));
        Receive<AddRemoteNode>(Add);
        Receive<RemoteNodeGone>(LoseRemote);
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
          executor = "NnCluster.AkkaSupport.OwnThreadExecutor, NnCluster.Cluster"
        }
        """;

    /// <summary>Props for a coordinator on a thread of its own.</summary>
    public static Props Props(CoordinatorSetup setup) =>
        Akka.Actor.Props.Create(() => new CoordinatorActor(setup)).WithDispatcher("nncluster.coordinator-dispatcher");

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(TimerElapsed), TimerElapsed.Instance, TickInterval);
        if (_setup.StartTimeout is { } timeout)
        {
            Timers.StartSingleTimer(nameof(StartTimedOut), StartTimedOut.Instance, timeout);
        }

        IActorRef self = Self;
        if (_setup.Checkpoints is { } checkpoints)
        {
            checkpoints.Stored += (step, path, took) => self.Tell(new CheckpointStored(step, path, took));
            checkpoints.Failed += (step, reason) => self.Tell(new CheckpointLost(step, reason));
        }

        for (int i = 0; i < _setup.LocalWorkers; i++)
        {
            var id = new ParticipantId($"worker-{i + 1}");
            _local.Add(id);
            Context.Watch(Context.ActorOf(WorkerActor.Props(id, _setup.Workers), id.Name));
        }
    }

    /// <inheritdoc/>
    protected override void PostStop() =>
        EndWith(_state.Outcome ?? new(false, "the coordinator stopped before the run was over"));

    private void Turn()
    {
        _setup.Heartbeat?.Invoke();
        Decide(Tick.Now);
    }

    private void Admit(ParticipantId id, IActorRef worker)
    {
        // A remote worker's last words may come after it was given up.
        AddRemoteNode? remote = _remote.GetValueOrDefault(id);
        if (remote is null && !_local.Contains(id))
        {
            return;
        }

        _workers[id] = worker;
        Decide(new ParticipantReady(id, remote?.Workers ?? 1));
    }

    private void Miss(IActorRef worker)
    {
        foreach ((ParticipantId id, _) in _workers.Where(entry => entry.Value.Equals(worker)).ToArray())
        {
            _workers.Remove(id);
            Decide(new ParticipantGone(id, "its actor ended"));
        }

        if (_workers.Count == 0 && _state.Outcome is null && _setup.Remote is null && !Context.GetChildren().Any())
        {
            EndWith(new(false, "no worker could be started"));
        }
    }

    private void Add(AddRemoteNode add)
    {
        if (_state.Outcome is not null)
        {
            add.Link.Dispose();
            Sender.Tell(new RemoteNodeGone(add.Id, "the run is over"));
            return;
        }

        _registry = Sender;
        _remote.Add(add.Id, add);
        Context.ActorOf(RemoteNodeActor.Props(add.Id, add.Workers, add.Link, _setup.Remote!), add.Id.Name);
    }

    private void LoseRemote(RemoteNodeGone gone)
    {
        if (!_remote.Remove(gone.Id))
        {
            return;
        }

        bool worked = _workers.Remove(gone.Id);
        Decide(new ParticipantGone(gone.Id, gone.Reason));
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
        if (_state is { Paused: true, Begun: false })
        {
            Decide(new RunAborted($"only {_state.Workers} of {_setup.Settings.WorkersNeeded(begun: false)} workers were there within {_setup.StartTimeout!.Value.TotalSeconds:0.#} s (--min-workers, --start-workers, --start-timeout)"));
        }
    }

    private void CloseLinks(CloseLink close)
    {
        foreach (ParticipantId id in _remote.Keys)
        {
            Context.Child(id.Name).Tell(close);
        }
    }

    private void EndWith(RunOutcome outcome) => _setup.Ended.TrySetResult(new(outcome, _state, _lastEpoch, _slotsUsed.Values.Sum()));

    private void Take(SubtreeResult result)
    {
        _arrived = result;
        Decide(new ResultArrived(result.Participant, result.Round, result.Subtree, result.Computing));
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
}
