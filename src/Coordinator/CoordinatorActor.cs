using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>
/// Shell around the state machine <see cref="TrainingRun"/>, which makes all decisions. Converts messages to inputs, and carries
/// out effects: messages, sums, checkpoints and events.
/// </summary>
internal sealed partial class CoordinatorActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    private readonly CoordinatorSetup _setup;
    private readonly TrainingRun _run;
    private readonly long _startedAt;
    private readonly Dictionary<ParticipantId, IActorRef> _workers = [];
    private readonly Dictionary<ParticipantId, (long Shards, long Rows, TimeSpan Computing)> _progress = [];
    private readonly Dictionary<RoundKind, SubtreeSums> _sums;
    private readonly Dictionary<ParticipantId, AddRemoteNode> _remote = [];
    private readonly Dictionary<string, int> _remoteWorkersUsed = [];
    private readonly HashSet<ParticipantId> _local = [];
    private readonly Queue<(RunInput Input, SubtreeComputed? Arrived)> _inputs = new();
    private readonly EpochMeans _means = new();
    private readonly StepClock _clock = new();
    private RunState _state;
    private TimeSpan _lastStepAt;
    private TimeSpan _progressPublishedAt;
    private EpochCompleted? _lastEpoch;
    private CheckpointStored? _lastCheckpoint;
    private CheckpointNotStored? _lastCheckpointFailure;
    private int _checkpointsInFlight;
    private IActorRef? _registry;

    /// <summary>Creates the coordinator of one run.</summary>
    public CoordinatorActor(CoordinatorSetup setup)
    {
        _setup = setup;
        _run = new TrainingRun(setup.Settings);
        _state = _run.Begin(setup.State.Step, setup.Selection);
        foreach (StepPoint step in setup.EpochSoFar)
        {
            _means.Add(step.Loss, step.BatchAccuracy);
        }

        _startedAt = setup.Time.GetTimestamp();
        _sums = new()
        {
            [RoundKind.Gradient] = new(setup.Settings.Trees.Minibatch.Shards),
            [RoundKind.Test] = new(setup.Settings.Trees.Test.Shards),
        };
        if (setup.Settings.Trees.Validation is { } validation)
        {
            _sums[RoundKind.Validation] = new(validation.Shards);
        }

        Receive<SubtreeComputed>(OnSubtreeComputed);
        Receive<TimerElapsed>(_ => OnTick());
        Receive<ParticipantStarted>(started => OnWorkerStarted(started.Participant, Sender));
        Receive<ShardsFailed>(failed => Decide(new AssignmentFailed(failed.Participant, failed.Round, failed.Shards, failed.Error)));
        Receive<Terminated>(terminated => OnTerminated(terminated.ActorRef));
        Receive<CheckpointResult>(OnCheckpointResult);
        Receive<StopTraining>(_ => Decide(new StopRequested()));
        Receive<AddRemoteNode>(OnAddRemoteNode);
        Receive<RemoteNodeGone>(OnRemoteNodeGone);
        Receive<StartTimedOut>(_ => OnStartTimeout());
        Receive<CloseLink>(CloseLinks);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _setup.Time.GetElapsedTime(_startedAt);


    /// <summary>Props for a coordinator on a thread of its own.</summary>
    public static Props Props(CoordinatorSetup setup) =>
        Akka.Actor.Props.Create(() => new CoordinatorActor(setup)).WithDispatcher(AkkaConfig.CoordinatorDispatcher);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(TimerElapsed), TimerElapsed.Instance, TickInterval);
        if (_setup.StartTimeout is { } timeout)
        {
            Timers.StartSingleTimer(nameof(StartTimedOut), StartTimedOut.Instance, timeout);
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
        SetEnded(_state.Outcome ?? RunOutcome.Failed(RunFailureCause.ActorStopped, "the coordinator stopped before the run ended"));

    private void OnTick()
    {
        _setup.Heartbeat?.Invoke();
        Decide(Tick.Now);
    }

    private void OnWorkerStarted(ParticipantId id, IActorRef worker)
    {
        // ParticipantStarted may arrive after the participant was removed; ignore it.
        AddRemoteNode? remote = _remote.GetValueOrDefault(id);
        if (remote is null && !_local.Contains(id))
        {
            return;
        }

        _workers[id] = worker;
        Decide(new ParticipantReady(id, remote?.Workers ?? 1));
    }

    private void OnTerminated(IActorRef worker)
    {
        foreach ((ParticipantId id, _) in _workers.Where(entry => entry.Value.Equals(worker)).ToArray())
        {
            _workers.Remove(id);
            Decide(new ParticipantGone(id, LossCause.ActorStopped, "its actor stopped"));
        }

        if (_workers.Count == 0 && _state.Outcome is null && _setup.Remote is null && !Context.GetChildren().Any())
        {
            SetEnded(RunOutcome.Failed(RunFailureCause.ActorStopped, "no worker could be started"));
        }
    }

    private void OnAddRemoteNode(AddRemoteNode add)
    {
        if (_state.Outcome is not null)
        {
            add.Link.Dispose();
            Sender.Tell(new RemoteNodeGone(add.Id, LossCause.RunOver, "the run is over"));
            return;
        }

        _registry = Sender;
        _remote.Add(add.Id, add);
        Context.ActorOf(RemoteNodeActor.Props(add.Id, add.Workers, add.Link, _setup.Remote!), add.Id.Name);
    }

    private void OnRemoteNodeGone(RemoteNodeGone gone)
    {
        if (!_remote.Remove(gone.Id))
        {
            return;
        }

        bool wasReady = _workers.Remove(gone.Id);
        Decide(new ParticipantGone(gone.Id, gone.Cause, gone.Reason));
        Context.Stop(Context.Child(gone.Id.Name));
        _registry!.Tell(gone with { BeforeWork = !wasReady });
    }

    private void OnCheckpointResult(CheckpointResult result)
    {
        _checkpointsInFlight--;
        switch (result)
        {
            case CheckpointStored stored:
                _lastCheckpoint = stored;
                Publish(new CheckpointWritten(stored.Step, stored.Path) { At = Now, Seconds = stored.Took.TotalSeconds });
                Decide(new CheckpointMade(stored.Took));
                break;
            case CheckpointNotStored failed:
                _lastCheckpointFailure = failed;
                Publish(new CheckpointFailed(failed.Step, failed.Reason) { At = Now });
                break;
        }

        EndIfSettled();
    }

    private void OnStartTimeout()
    {
        if (_state is { Paused: true, HasStarted: false })
        {
            int needed = _setup.Settings.WorkersNeeded(hasStarted: false);
            double seconds = _setup.StartTimeout!.Value.TotalSeconds;
            Decide(new RunAborted(
                RunFailureCause.StartTimeout,
                $"only {_state.Workers} of the {needed} workers needed to start joined within {seconds:0.#} s"));
        }
    }

    private void CloseLinks(CloseLink close)
    {
        foreach (ParticipantId id in _remote.Keys)
        {
            Context.Child(id.Name).Tell(close);
        }
    }

    // Wait for the checkpoints in flight: the report includes their results.
    private void EndIfSettled()
    {
        if (_state.Outcome is { } outcome && _checkpointsInFlight == 0)
        {
            SetEnded(outcome);
        }
    }

    private void SetEnded(RunOutcome outcome) => _setup.Ended.TrySetResult(new(outcome, _state, _lastEpoch, _remoteWorkersUsed.Values.Sum())
    {
        LastCheckpoint = _lastCheckpoint,
        LastCheckpointFailure = _lastCheckpointFailure,
    });

    private void OnSubtreeComputed(SubtreeComputed result) =>
        Decide(new ResultArrived(result.Participant, result.Round, result.Subtree, result.ComputeTime), result);

    /// <summary>Gives an input to the state machine and carries out its effects, then the inputs that the effects have queued.</summary>
    /// <param name="first">The input.</param>
    /// <param name="arrived">Message of a <see cref="ResultArrived"/>; the effects keep or release its sum.</param>
    private void Decide(RunInput first, SubtreeComputed? arrived = null)
    {
        _inputs.Enqueue((first, arrived));
        while (_inputs.TryDequeue(out (RunInput Input, SubtreeComputed? Arrived) next))
        {
            (_state, var effects) = _run.Decide(_state, next.Input, Now);
            foreach (RunEffect effect in effects)
            {
                Perform(effect, next.Arrived);
            }
        }

        PublishProgress();
    }

    private sealed record TimerElapsed
    {
        public static readonly TimerElapsed Instance = new();
    }

    private sealed record StartTimedOut
    {
        public static readonly StartTimedOut Instance = new();
    }
}
