using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Worker;

/// <summary>The way from the first message to the first assignment.</summary>
internal sealed partial class NodeActor
{
    // ---- registering ----

    private void Join(JoinCoordinator join)
    {
        var coordinator = new CoordinatorAddress(
            join.Coordinator, Context.ActorSelection(new RootActorPath(join.Coordinator) / "user" / "registry"));
        var offer = new NodeOffer(Self, _setup.Name, _setup.Workers, ProgramVersion, [.. _setup.Backends.Select(blas => blas.Arithmetic)]);
        _setup.Health.SetStatus(false, "joining a coordinator");
        ClusterHost.Join(Context.System, join.Coordinator);
        Timers.StartPeriodicTimer(nameof(HeartbeatTick), HeartbeatTick.Instance, HeartbeatInterval);
        Timers.StartPeriodicTimer(nameof(RequestTick), RequestTick.Instance, TimeSpan.Zero, RegistrationRetry);
        Timers.StartSingleTimer(nameof(RegistrationTimedOut), RegistrationTimedOut.Instance, _setup.RegistrationTimeout);
        Enter(new NodePhase.Registering(coordinator, new(offer, _setup.Security, _nonce, _setup.Memory.Run)));
    }

    // Hyperion compiles code for each message when it first meets it: do so before the coordinator waits for an answer.
    private void CompileMessages()
    {
        Akka.Serialization.Serializer serializer = Context.System.Serialization.FindSerializerForType(typeof(IControlMessage));
        foreach (IControlMessage message in new IControlMessage[]
        {
            new RequestNonce(0, _nonce),
            new RegistrationNonce(_nonce, []),
            new RegisterNode(Self, "", 1, 0, "", [], _nonce, []),
            new RegistrationAccepted("", "", 0, "", 0, [], "", "", 0),
        })
        {
            serializer.FromBinary(serializer.ToBinary(message), message.GetType());
        }
    }

    private void OnRegistrationTimeout(NodePhase.Registering registering) => End(
        NodeEndCause.NoCoordinator,
        $"{registering.Coordinator} does not answer as a coordinator: join the name or address that the coordinator logs "
        + "(another one of the same machine is ignored), with the same --tls options");

    private void OnControl(NodePhase.Registering registering, IControlMessage message)
    {
        switch (registering.Registration.Handle(message))
        {
            case NodeDecision.Register register:
                Timers.Cancel(nameof(RequestTick));
                Sender.Tell(register.Message);
                break;
            case NodeDecision.OpenLink open:
                OpenLink(registering, open);
                break;
            case NodeDecision decision:
                Perform(message, decision);
                break;
        }
    }

    private void Perform(IControlMessage message, NodeDecision decision)
    {
        switch (decision)
        {
            case NodeDecision.End end:
                End(end.Cause, end.Text, end.Refusal);
                break;
            case NodeDecision.Ignore ignore:
                Ignore(message, ignore.Cause);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(decision), decision, null);
        }
    }

    // ---- linking ----

    private void OpenLink(NodePhase.Registering registering, NodeDecision.OpenLink open)
    {
        Timers.Cancel(nameof(RegistrationTimedOut));
        RegistrationAccepted accepted = open.Accepted;
        _setup.Memory.Run = (accepted.RunId, accepted.Term);
        ParameterLayout layout = ParameterLayout.For(open.Spec.Model);
        Enter(new NodePhase.Linking(new(registering.Coordinator, registering.Registration, accepted, open.Spec, layout)));
        DataLink.ConnectAsync(accepted.LinkHost, (int)accepted.LinkPort, accepted.LinkToken, _setup.Security, new LinkOptions())
            .PipeTo(Self, success: link => new LinkOpened(link), failure: error => new LinkNotOpened(error.GetBaseException().Message));
    }

    private void OnLinkOpened(Membership membership, DataLink link)
    {
        var node = new LinkedNode(membership, link, new(membership.Layout.StateLength), new(membership.Layout.GradientLength));
        IActorRef self = Self;
        link.Peer = "coordinator";
        link.Start(
            new() { Weights = node.Weights, Gradients = node.Gradients }, frame => self.Tell(frame), closed => self.Tell(closed));
        RegistrationAccepted accepted = membership.Accepted;
        if (_setup.Memory.Dataset is { } held && held.Sha256 == accepted.DatasetSha256)
        {
            _setup.Status(new DatasetReady(DatasetSource.Memory));
            Start(node, held.Data);
            return;
        }

        DatasetCache cache = _setup.Cache;
        var search = Task.Run(() => cache.Find(accepted.DatasetSha256, accepted.DatasetName) is { } found
            ? new DatasetSearched(found, null)
            : new DatasetSearched(null, cache.Begin(accepted.DatasetSha256, accepted.DatasetLength)));
        Enter(new NodePhase.Searching(node, search));
        search.PipeTo(Self, failure: error => new DatasetUnreadable((error is AggregateException { InnerException: { } only } ? only : error).Message));
    }

    // ---- data set ----

    private void OnSearched(LinkedNode node, DatasetSearched searched)
    {
        RegistrationAccepted accepted = node.Membership.Accepted;
        if (searched.Data is { } data)
        {
            _setup.Log($"data set {accepted.DatasetName} from the cache");
            _setup.Status(new DatasetReady(DatasetSource.Cache));
            Start(node, data);
            return;
        }

        IncomingDataset incoming = searched.Incoming!;
        if (incoming.Received > 0)
        {
            _setup.Log(
                $"data set {accepted.DatasetName}: the transfer goes on at {incoming.Received / 1e6:0.0} of {incoming.Length / 1e6:0.0} MB");
        }

        Enter(new NodePhase.Fetching(node, new(node.Link, incoming)));
    }

    private void OnChunk(NodePhase.Fetching fetching, DatasetChunkFrame chunk)
    {
        RegistrationAccepted accepted = fetching.Node.Membership.Accepted;
        try
        {
            if (!fetching.Download.Take(chunk))
            {
                return;
            }
        }
        catch (BadInputException e)
        {
            End(NodeEndCause.DatasetDamaged, e.Message);
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            End(NodeEndCause.DatasetUnusable, $"the data set could not be written: {e.Message}");
            return;
        }

        _setup.Log($"data set {accepted.DatasetName} received: {accepted.DatasetLength / 1e6:0.0} MB");
        Dataset data;
        try
        {
            data = _setup.Cache.Open(accepted.DatasetSha256, accepted.DatasetName);
        }
        catch (Exception e) when (e is IOException or BadInputException)
        {
            End(NodeEndCause.DatasetUnusable, $"the data set was changed in the cache while it was opened: {e.Message}");
            return;
        }

        _setup.Status(new DatasetReady(DatasetSource.Coordinator));
        Start(fetching.Node, data);
    }

    // ---- workers ----

    private void Start(LinkedNode node, Dataset data)
    {
        (Membership membership, _, _, BufferPool gradients) = node;
        _setup.Memory.Dataset = (membership.Accepted.DatasetSha256, data);
        RunSpec spec = membership.Spec;
        IBlas blas = _setup.Backends.First(backend => backend.Arithmetic == spec.Arithmetic);
        var workers = new List<IActorRef>();
        var work = new NodeWork(membership.Accepted.Term, spec.SettingsFor(data), membership.Layout, gradients, node.Link, workers);
        Enter(new NodePhase.Starting(node, work, _setup.Workers));
        var setup = new WorkerSetup(spec, data, blas, work.Gradients, work.Evaluations);
        if (!_setup.Memory.IsWarm)
        {
            CompileLoops(setup, node.Weights);
        }

        for (int worker = 0; worker < _setup.Workers; worker++)
        {
            var id = new ParticipantId($"worker-{worker}");
            workers.Add(Context.Watch(Context.ActorOf(WorkerActor.Props(id, setup), id.Name)));
        }
    }

    // JIT warm-up: computes one shard and discards it.
    private void CompileLoops(WorkerSetup setup, BufferPool weights)
    {
        using var gradients = new BufferPool(setup.Gradients.Length);
        using var computer = new ShardComputer(setup.Spec, setup.Data, setup.Blas, gradients, setup.Evaluations);
        RefCountedBuffer zeros = weights.Rent();
        zeros.Span.Clear();
        computer.Compute(new ComputeShards(new(0, RoundKind.Gradient), new(0, 1), zeros), (_, sum) => sum.Release());
        zeros.Release();
        _setup.Memory.IsWarm = true;
    }

    private void OnWorkerStarted(NodePhase.Starting starting)
    {
        if (starting.Missing > 1)
        {
            Enter(starting with { Missing = starting.Missing - 1 });
            return;
        }

        Membership membership = starting.Node.Membership;
        Enter(new NodePhase.Working(starting.Node, starting.Work));
        starting.Node.Link.Send(new ReadyFrame(membership.Accepted.Term));
        _setup.Health.SetStatus(true, $"in a run with {WorkerCount} (term {membership.Accepted.Term})");
        _setup.Status(new Joined($"{membership.Coordinator}", _setup.Workers, membership.Accepted.Term));
        _setup.Log($"works for the coordinator at {membership.Coordinator} with {WorkerCount} (term {membership.Accepted.Term})");
    }
}
