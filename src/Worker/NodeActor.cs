using System.Reflection;
using Akka.Actor;
using Akka.Remote;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;
using RunEnded = NnCluster.Control.RunEnded;

namespace NnCluster.Worker;

/// <summary>
/// One life of a worker node: registers with the coordinator, opens the link, gets the data set, then divides the
/// shards it is asked for among its <see cref="WorkerActor"/>s and sends the sums of maximal nodes.
/// </summary>
/// <remarks>
/// <code>
/// RequestNonce ─► RegistrationNonce ─► RegisterNode ─► RegistrationAccepted ─► link ─► data set ─► workers ─► Ready ─► work
/// </code>
/// Whatever ends it completes <see cref="NodeSetup.Ended"/>; the next life is another actor system.
/// </remarks>
public sealed class NodeActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RegistrationRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RegistrationTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How a node says that it has been taken in and has all it needs.</summary>
    public const string WorksFor = "works for the coordinator at";

    private readonly NodeSetup _setup;
    private readonly byte[] _nonce = CookieProof.NewNonce();
    private readonly List<IActorRef> _workers = [];
    private Address? _coordinator;
    private ActorSelection? _registry;
    private RegistrationAccepted? _welcome;
    private RunSpec? _spec;
    private ParameterLayout? _layout;
    private DataLink? _link;
    private DatasetDownload? _download;
    private NodeWork? _work;
    private BufferPool? _weightsPool;
    private BufferPool? _gradients;
    private int _started;

    /// <summary>Begins a life.</summary>
    public NodeActor(NodeSetup setup)
    {
        _setup = setup;

        Receive<JoinCoordinator>(join => Join(join.Coordinator));
        Receive<Heartbeat>(_ => _setup.Health.Heartbeat());
        Receive<Introduce>(_ => _registry!.Tell(new RequestNonce(WireVersion.Current, _nonce)));
        Receive<TimedOut>(_ => End(NodeEndKind.CoordinatorGone, $"{_coordinator!.Host}:{_coordinator.Port} does not answer as a coordinator: is that the very name or address that it says workers join by (another one for the same machine is refused), and have both the same --tls options?"));
        Receive<IControlMessage>(message => Obey(message), _ => Sender.Path.Address.Equals(_coordinator));
        Receive<LinkMade>(made => Begin(made.Link));
        Receive<LinkFailed>(failed => End(NodeEndKind.CoordinatorGone, $"no link: {failed.Reason}"));
        Receive<DatasetSought>(sought => HaveOrFetch(sought.Data));
        Receive<DatasetChunkFrame>(Fetch);
        Receive<Status.Failure>(failure => End(NodeEndKind.Refused, failure.Cause.GetBaseException().Message));
        Receive<ParticipantStarted>(_ => OnWorkerStarted());
        Receive<WeightsFrame>(frame => _work!.Take(frame));
        Receive<ComputeFrame>(frame => _work!.Take(frame));
        Receive<SubtreeComputed>(result => _work!.Collect(result));
        Receive<ShardsFailed>(failed => _work!.Fail(failed));
        Receive<GoodbyeFrame>(goodbye => End(
            goodbye.Kind switch
            {
                GoodbyeKind.RunOver => NodeEndKind.RunOver,
                GoodbyeKind.Refused => NodeEndKind.Refused,
                _ => NodeEndKind.CoordinatorGone,
            },
            goodbye.Reason));
        Receive<LinkClosed>(closed => End(NodeEndKind.CoordinatorGone, closed.Reason));
        Receive<ThisActorSystemQuarantinedEvent>(_ => End(NodeEndKind.CoordinatorGone, "the coordinator has given this life of the node up"));
        Receive<Terminated>(_ => End(NodeEndKind.Refused, "a worker could not be started: is there enough memory?"));
        Receive<LeaveCluster>(Leave);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static string ProgramVersion =>
        typeof(NodeActor).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Props for a node on a thread of its own.</summary>
    public static Props Props(NodeSetup setup) =>
        Akka.Actor.Props.Create(() => new NodeActor(setup)).WithDispatcher("nncluster.worker-dispatcher");

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
        CompileMessages();
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _link?.Dispose();
        _download?.Dispose();
        // First, so that a worker that still computes cannot rent a sum that the coordinator may be about to read.
        _gradients?.Dispose();
        _work?.Dispose();
        _weightsPool?.Dispose();
        End(NodeEndKind.CoordinatorGone, "the node's actor system ended");
    }

    // ---- joining ----

    private void Join(Address coordinator)
    {
        _coordinator = coordinator;
        _setup.Health.Say(false, "joining a coordinator");
        Timers.StartPeriodicTimer(nameof(Heartbeat), Heartbeat.Instance, HeartbeatInterval);
        _registry = Context.ActorSelection(new RootActorPath(coordinator) / "user" / "registry");
        ClusterHost.Join(Context.System, coordinator);
        Timers.StartPeriodicTimer(nameof(Introduce), Introduce.Instance, TimeSpan.Zero, RegistrationRetry);
        Timers.StartSingleTimer(nameof(TimedOut), TimedOut.Instance, RegistrationTimeout);
    }

    // The serializer compiles code for each message when it first meets it: better now, while nobody waits.
    private void CompileMessages()
    {
        Akka.Serialization.Serializer serializer = Context.System.Serialization.FindSerializerForType(typeof(IControlMessage));
        foreach (IControlMessage message in new IControlMessage[]
        {
            new RequestNonce(0, _nonce),
            new RegistrationNonce(_nonce, []),
            new RegisterNode(Self, "", 1, 0, "", [], [], _nonce, []),
            new RegistrationAccepted("", "", 0, "", 0, [], "", "", 0, ""),
        })
        {
            serializer.FromBinary(serializer.ToBinary(message), message.GetType());
        }
    }

    private void Obey(IControlMessage message)
    {
        switch (message)
        {
            case RegistrationNonce nonce when _welcome is null:
                Register(nonce);
                break;
            case RegistrationRefused refused:
                End(NodeEndKind.Refused, refused.Reason);
                break;
            case RegistrationAccepted welcome when _welcome is null:
                Enter(welcome);
                break;
            case RunEnded ended when IsCurrent(ended.Term):
                End(NodeEndKind.RunOver, ended.Outcome);
                break;
            case CoordinatorLeaving leaving when IsCurrent(leaving.Term):
                End(NodeEndKind.CoordinatorGone, leaving.Reason);
                break;
        }
    }

    private bool IsCurrent(long term) => _welcome is null || term >= _welcome.Term;

    private void Register(RegistrationNonce nonce)
    {
        Timers.Cancel(nameof(Introduce));
        LinkSecurity security = _setup.Security;
        if (CookieProof.Check(CookieProof.OfCoordinator(security, _nonce, nonce.CoordinatorNonce), nonce.Proof) is { } reason)
        {
            End(NodeEndKind.Refused, reason);
            return;
        }

        Sender.Tell(new RegisterNode(
            Self,
            _setup.Name,
            _setup.Workers,
            WireVersion.Current,
            ProgramVersion,
            [.. _setup.Backends.Select(blas => blas.Arithmetic)],
            _setup.Cache.Held(),
            nonce.CoordinatorNonce,
            CookieProof.OfNode(security, _nonce, nonce.CoordinatorNonce, _setup.Name)));
    }

    private void Enter(RegistrationAccepted welcome)
    {
        Timers.Cancel(nameof(TimedOut));
        if (_setup.Memory.Run is { } seen && seen.RunId == welcome.RunId && welcome.Term < seen.Term)
        {
            End(NodeEndKind.CoordinatorGone, $"its term is {welcome.Term}, and a coordinator of term {seen.Term} of the same run has been seen");
            return;
        }

        _welcome = welcome;
        _setup.Memory.Run = (welcome.RunId, welcome.Term);
        _spec = RunSpecJson.Parse(welcome.Run, "the coordinator's welcome");
        _layout = ParameterLayout.For(_spec.Model);
        DataLink.ConnectAsync(welcome.LinkHost, (int)welcome.LinkPort, welcome.LinkToken, _setup.Security, new LinkOptions())
            .PipeTo(Self, success: link => new LinkMade(link), failure: error => new LinkFailed(error.GetBaseException().Message));
    }

    private void Begin(DataLink link)
    {
        _link = link;
        _weightsPool = new(_layout!.StateLength);
        _gradients = new(_layout.GradientLength);
        IActorRef self = Self;
        link.Start(new() { Weights = _weightsPool, Gradients = _gradients }, frame => self.Tell(frame), closed => self.Tell(closed));
        if (_setup.Memory.Dataset is { } held && held.Sha256 == _welcome!.DatasetSha256)
        {
            StartWorkers(held.Data);
            return;
        }

        RegistrationAccepted welcome = _welcome!;
        Task.Run(() => _setup.Cache.Find(welcome.DatasetSha256, welcome.DatasetName)).PipeTo(Self, success: data => new DatasetSought(data));
    }

    private void HaveOrFetch(Dataset? data)
    {
        RegistrationAccepted welcome = _welcome!;
        if (data is not null)
        {
            _setup.Log($"data set {welcome.DatasetName} from the cache");
            StartWorkers(data);
            return;
        }

        try
        {
            _download = new DatasetDownload(_link!, _setup.Cache.Begin(welcome.DatasetSha256, welcome.DatasetLength));
        }
        catch (BadInputException e)
        {
            End(NodeEndKind.Refused, e.Message);
        }
    }

    private void Fetch(DatasetChunkFrame chunk)
    {
        RegistrationAccepted welcome = _welcome!;
        try
        {
            if (_download!.Take(chunk))
            {
                _download = null;
                _setup.Log($"data set {welcome.DatasetName} received: {welcome.DatasetLength / 1e6:0.0} MB");
                StartWorkers(_setup.Cache.Find(welcome.DatasetSha256, welcome.DatasetName)!);
            }
        }
        catch (BadInputException e)
        {
            End(NodeEndKind.CoordinatorGone, e.Message);
        }
        catch (IOException e)
        {
            End(NodeEndKind.Refused, $"the data set could not be written: {e.Message}");
        }
    }

    private void StartWorkers(Dataset whole)
    {
        _setup.Memory.Dataset = (_welcome!.DatasetSha256, whole);
        RunSpec spec = _spec!;
        Dataset data = spec.ViewOf(whole);
        IBlas blas = _setup.Backends.First(backend => backend.Arithmetic == spec.Arithmetic);
        _work = new NodeWork(_welcome.Term, spec.SettingsFor(data), _layout!, _gradients!, _link!, _workers);
        var setup = new WorkerSetup(spec, data, blas, _work.Gradients, _work.Evaluations);
        if (!_setup.Memory.IsWarm)
        {
            CompileLoops(setup);
        }

        for (int worker = 0; worker < _setup.Workers; worker++)
        {
            var id = new ParticipantId($"worker-{worker}");
            _workers.Add(Context.Watch(Context.ActorOf(WorkerActor.Props(id, setup), id.Name)));
        }
    }

    // A shard for nobody, so that the first real one, for which others wait, does not wait for its loops to be compiled.
    private void CompileLoops(WorkerSetup setup)
    {
        using var gradients = new BufferPool(setup.Gradients.Length);
        using var computer = new ShardComputer(setup.Spec, setup.Data, setup.Blas, gradients, setup.Evaluations);
        RefCountedBuffer nothing = _weightsPool!.Rent();
        nothing.Span.Clear();
        computer.Compute(new ComputeShards(new(0, RoundKind.Gradient), new(0, 1), nothing), (_, sum) => sum.Release());
        nothing.Release();
        _setup.Memory.IsWarm = true;
    }

    private void OnWorkerStarted()
    {
        if (++_started == _setup.Workers)
        {
            _link!.Send(new ReadyFrame(_welcome!.Term));
            _setup.Health.Say(true, $"in a run with {_setup.Workers} worker{(_setup.Workers == 1 ? "" : "s")} (term {_welcome.Term})");
            _setup.Log($"{WorksFor} {_coordinator!.Host}:{_coordinator.Port} with {_setup.Workers} worker{(_setup.Workers == 1 ? "" : "s")} (term {_welcome.Term})");
        }
    }

    // ---- leaving ----

    private void Leave(LeaveCluster leave)
    {
        _registry?.Tell(new NodeLeaving(_setup.Name, leave.Reason));
        _link?.Close($"the worker shards: {leave.Reason}");
        End(NodeEndKind.Left, leave.Reason);
    }

    private void End(NodeEndKind kind, string reason) => _setup.Ended.TrySetResult(new(kind, reason, _link is not null));

    private sealed record Heartbeat
    {
        public static readonly Heartbeat Instance = new();
    }

    private sealed record Introduce
    {
        public static readonly Introduce Instance = new();
    }

    private sealed record TimedOut
    {
        public static readonly TimedOut Instance = new();
    }

    private sealed record LinkMade(DataLink Link);

    private sealed record LinkFailed(string Reason);

    private sealed record DatasetSought(Dataset? Data);
}
