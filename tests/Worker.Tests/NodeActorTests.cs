using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

/// <summary>Real nodes over loopback, and a scripted coordinator.</summary>
public sealed class NodeActorTests : IDisposable
{
    private readonly SmallRun _run = new();
    private readonly string _cache = Directory.CreateTempSubdirectory("nncluster-test-").FullName;
    private readonly NodeMemory _memory = new() { IsWarm = true };
    private readonly GatedBlas _blas;

    public NodeActorTests() => _blas = new(_run.Blas);

    /// <summary>Phases that a test can hold a node in.</summary>
    public static TheoryData<string> Phases =>
    [
        nameof(NodePhase.Idle), nameof(NodePhase.Registering), nameof(NodePhase.Linking),
        .. OperatingSystem.IsLinux() ? new[] { nameof(NodePhase.Searching) } : [],
        nameof(NodePhase.Fetching), nameof(NodePhase.Starting), nameof(NodePhase.Working), nameof(NodePhase.Ended),
    ];

    private static string[] LinkedPhases =>
        [nameof(NodePhase.Searching), nameof(NodePhase.Fetching), nameof(NodePhase.Starting), nameof(NodePhase.Working)];

    private string DatasetPath => Path.Combine(_cache, _run.Data.Sha256);

    public void Dispose()
    {
        _blas.Gate.Set();
        _run.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public async Task A_lower_term_of_the_same_run_is_refused()
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        Assert.Equal(NodeEndCause.LinkNotOpened, (await EndAsync(coordinator, "run-a", 2)).Cause);
        NodeEnd stale = await EndAsync(coordinator, "run-a", 1);
        Assert.Equal((NodeEndCause.StaleTerm, NodeEndKind.CoordinatorGone, false), (stale.Cause, stale.Kind, stale.WasIn));
        Assert.Contains("its term is 1, and a coordinator of term 2 of the same run has been seen", stale.Reason, StringComparison.Ordinal);
        Assert.Equal(("run-a", 2L), _memory.Run);
        Assert.Equal(NodeEndCause.LinkNotOpened, (await EndAsync(coordinator, "run-a", 3)).Cause);
        Assert.Equal(("run-a", 3L), _memory.Run);
    }

    [Fact]
    public async Task A_lower_term_of_another_run_is_taken()
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        Assert.Equal(NodeEndCause.LinkNotOpened, (await EndAsync(coordinator, "run-a", 2)).Cause);
        Assert.Equal(NodeEndCause.LinkNotOpened, (await EndAsync(coordinator, "run-b", 1)).Cause);
        Assert.Equal(("run-b", 1L), _memory.Run);
    }

    /// <summary>Here of the receiver of its log lines, which hears of the data set.</summary>
    [Fact]
    public async Task An_exception_that_a_node_does_not_expect_is_its_cause_and_not_a_loss_of_the_coordinator()
    {
        using (IncomingDataset incoming = new DatasetCache(_cache).Begin(_run.Data.Sha256, new DatasetBytes(_run.Data).Length))
        {
            using var content = new MemoryStream();
            new DatasetBytes(_run.Data).WriteTo(content);
            incoming.Append(0, content.ToArray());
            incoming.Complete();
        }

        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        coordinator.Answer = coordinator.WithToken;
        await using TestNode node = await StartAsync(coordinator, log: _ => throw new InvalidOperationException("no\nlog"));
        await coordinator.LinkedAsync();
        NodeEnd end = await node.Ended;
        Assert.Equal((NodeEndCause.NodeFailed, "an unexpected InvalidOperationException: no log"), (end.Cause, end.Reason));
    }

    [Fact]
    public async Task A_refusal_ends_the_node_with_the_coordinators_cause()
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        coordinator.Answer = _ => new RegistrationRefused((long)RefusalCause.Arithmetic, "another arithmetic");
        await using TestNode node = await StartAsync(coordinator);
        NodeEnd end = await node.Ended;
        Assert.Equal(
            (NodeEndCause.RegistrationRefused, RefusalCause.Arithmetic, "another arithmetic"), (end.Cause, end.Refusal, end.Reason));
        Assert.Equal(NodeEndKind.Refused, end.Kind);
    }

    [Fact]
    public async Task A_coordinator_that_does_not_answer_ends_the_node_after_its_timeout()
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        coordinator.Answer = _ => null;
        await using TestNode node = await StartAsync(coordinator, registrationTimeout: TimeSpan.FromMilliseconds(500));
        NodeEnd end = await node.Ended;
        Assert.Equal((NodeEndCause.NoCoordinator, NodeEndKind.CoordinatorGone), (end.Cause, end.Kind));
    }

    [Fact]
    public async Task The_end_of_a_run_reaches_a_node_over_either_plane()
    {
        foreach (bool control in new[] { true, false })
        {
            await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
            await using TestNode node = await HoldAsync(coordinator, nameof(NodePhase.Working));
            if (control)
            {
                coordinator.Tell(new RunDismissed(1, "it is complete"));
            }
            else
            {
                coordinator.Link.Close("it is complete", GoodbyeKind.RunOver);
            }

            NodeEnd end = await node.Ended;
            Assert.Equal((NodeEndCause.RunOver, NodeEndKind.RunOver, "it is complete", true), (end.Cause, end.Kind, end.Reason, end.WasIn));
        }
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_frame_that_has_no_meaning_in_the_phase_ends_the_incarnation_and_gives_its_buffer_back(string phase)
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        using var weights = new BufferPool(_run.Layout.StateLength);
        foreach (LinkFrame frame in FramesWithoutMeaning(phase, weights))
        {
            await using TestNode node = await HoldAsync(coordinator, phase);
            if (LinkedPhases.Contains(phase))
            {
                coordinator.Link.Send(frame);
            }
            else
            {
                node.Actor.Tell(frame);
            }

            NodeEnd end = await node.Ended;
            if (phase == nameof(NodePhase.Ended))
            {
                Assert.Equal((NodeEndCause.LeaveRequested, IgnoreCause.Ended), (end.Cause, await node.IgnoredAsync(frame.GetType())));
                continue;
            }

            Assert.Equal((NodeEndCause.UnexpectedFrame, NodeEndKind.CoordinatorGone), (end.Cause, end.Kind));
            Assert.Contains(phase, end.Reason, StringComparison.Ordinal);
            Assert.Contains(frame.GetType().Name, end.Reason, StringComparison.Ordinal);
            node.AssertNothingFailed();
            LetGo(phase);
        }

        AssertReturned(weights, phase == nameof(NodePhase.Working) ? 0 : 1);
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_control_message_that_has_no_meaning_in_the_phase_is_ignored_with_its_cause(string phase)
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        await using TestNode node = await HoldAsync(coordinator, phase);
        foreach ((IControlMessage message, IgnoreCause cause) in MessagesWithoutMeaning(phase, coordinator))
        {
            coordinator.Tell(message, node);
            Assert.Equal(cause, await node.IgnoredAsync(message.GetType()));
        }

        node.Actor.Tell(new RunDismissed(9, "forged"));
        IgnoreCause forged = await node.IgnoredAsync(typeof(RunDismissed));
        Assert.Equal(
            phase switch
            {
                nameof(NodePhase.Ended) => IgnoreCause.Ended,
                nameof(NodePhase.Idle) => IgnoreCause.WrongPhase,
                _ => IgnoreCause.Stranger,
            },
            forged);
        Assert.Equal(phase == nameof(NodePhase.Ended), node.Ended.IsCompleted);
        node.AssertNothingFailed();
        LetGo(phase);
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_message_of_another_phase_is_ignored_with_its_cause(string phase)
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        await using TestNode node = await HoldAsync(coordinator, phase);
        bool works = phase == nameof(NodePhase.Working);
        var messages = new List<object> { new JoinCoordinator(coordinator.Address), "no message at all" };
        if (phase == nameof(NodePhase.Idle))
        {
            messages.RemoveAll(message => message is JoinCoordinator);
        }

        if (phase != nameof(NodePhase.Starting))
        {
            messages.Add(new ParticipantStarted(new("worker-7")));
        }

        if (!works)
        {
            messages.Add(new SubtreeComputed(new("worker-0"), new(0, RoundKind.Gradient), new(1), _run.Gradients.Rent()));
            messages.Add(new ShardsFailed(new("worker-0"), new(0, RoundKind.Gradient), new(0, 1), "no memory"));
        }

        if (!LinkedPhases.Contains(phase))
        {
            messages.Add(new LinkClosed(LinkCloseCause.ConnectionBroken, "too early"));
        }

        foreach (object message in messages)
        {
            node.Actor.Tell(message);
            IgnoreCause cause = phase == nameof(NodePhase.Ended) ? IgnoreCause.Ended : IgnoreCause.WrongPhase;
            Assert.Equal(cause, await node.IgnoredAsync(message.GetType()));
        }

        Assert.Equal(phase == nameof(NodePhase.Ended), node.Ended.IsCompleted);
        node.AssertNothingFailed();
        AssertReturned(_run.Gradients, works ? 0 : 1);
        LetGo(phase);
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_node_shards_in_every_phase(string phase)
    {
        await using ScriptedCoordinator coordinator = await ScriptedCoordinator.StartAsync(_run);
        await using TestNode node = await HoldAsync(coordinator, phase);
        node.Actor.Tell(new LeaveCluster("it was asked to end"));
        NodeEnd end = await node.Ended;
        Assert.Equal((NodeEndCause.LeaveRequested, NodeEndKind.Left), (end.Cause, end.Kind));
        Assert.Equal(LinkedPhases.Contains(phase), end.WasIn);
        node.AssertNothingFailed();
        LetGo(phase);
    }

    /// <summary>As many buffers as were ever made can be rented without making another one.</summary>
    private static void AssertReturned(BufferPool pool, int created)
    {
        Assert.Equal(created, pool.Created);
        // A link releases a buffer right after it has written the bytes.
        Thread.Sleep(50);
        pool.Rent().Release();
        Assert.Equal(Math.Max(created, 1), pool.Created);
    }

    private static IEnumerable<LinkFrame> FramesWithoutMeaning(string phase, BufferPool weights)
    {
        if (phase != nameof(NodePhase.Working))
        {
            yield return new WeightsFrame(1, new(0, RoundKind.Gradient), new(0, 1), weights.Rent());
            yield return new ComputeFrame(1, new(0, RoundKind.Gradient), new(0, 1));
        }

        if (phase != nameof(NodePhase.Fetching))
        {
            yield return new DatasetChunkFrame(0, new byte[4]);
        }
    }

    private static (IControlMessage Message, IgnoreCause Cause)[] MessagesWithoutMeaning(string phase, ScriptedCoordinator coordinator)
    {
        RegistrationAccepted accepted = coordinator.Accepted;
        return phase switch
        {
            nameof(NodePhase.Registering) =>
            [
                (accepted, IgnoreCause.NotRequested), (new RunDismissed(1, "done"), IgnoreCause.NotRequested),
                (new CoordinatorLeaving(1, "bye"), IgnoreCause.NotRequested), (new NodeLeaving("w", "bye"), IgnoreCause.NotForNodes),
            ],
            _ when phase == nameof(NodePhase.Linking) || LinkedPhases.Contains(phase) =>
            [
                (new RegistrationNonce(CookieProof.NewNonce(), []), IgnoreCause.AlreadyAnswered), (accepted, IgnoreCause.AlreadyAnswered),
                (new RegistrationRefused(1, "no"), IgnoreCause.AlreadyAnswered), (new RunDismissed(0, "old"), IgnoreCause.StaleTerm),
                (new CoordinatorLeaving(0, "old"), IgnoreCause.StaleTerm), (new NodeLeaving("w", "bye"), IgnoreCause.NotForNodes),
            ],
            _ => [(accepted, phase == nameof(NodePhase.Ended) ? IgnoreCause.Ended : IgnoreCause.WrongPhase)],
        };
    }

    /// <summary>Runs one incarnation that the coordinator accepts with a link port at which nobody listens.</summary>
    private async Task<NodeEnd> EndAsync(ScriptedCoordinator coordinator, string runId, long term)
    {
        coordinator.Accepted = coordinator.Accepted with { RunId = runId, Term = term, LinkPort = coordinator.ClosedPort };
        coordinator.Answer = accepted => accepted;
        await using TestNode node = await StartAsync(coordinator);
        return await node.Ended;
    }

    /// <summary>Starts a node and waits until it is in a phase that it cannot leave by itself.</summary>
    private async Task<TestNode> HoldAsync(ScriptedCoordinator coordinator, string phase)
    {
        _memory.Dataset = phase is nameof(NodePhase.Searching) or nameof(NodePhase.Fetching) ? null : (_run.Data.Sha256, _run.Data);
        if (phase == nameof(NodePhase.Starting))
        {
            _blas.Gate.Reset();
        }

        if (phase == nameof(NodePhase.Searching))
        {
            // A pipe: the search waits for a writer.
            using var mkfifo = System.Diagnostics.Process.Start("mkfifo", [DatasetPath]);
            await mkfifo.WaitForExitAsync();
        }

        coordinator.Answer = phase switch
        {
            nameof(NodePhase.Registering) => _ => null,
            nameof(NodePhase.Linking) => accepted => accepted with { LinkPort = coordinator.SilentPort },
            _ => coordinator.WithToken,
        };
        coordinator.SendsNonce = phase != nameof(NodePhase.Registering);
        TestNode node = await StartAsync(coordinator, joins: phase != nameof(NodePhase.Idle));
        if (LinkedPhases.Contains(phase))
        {
            await coordinator.LinkedAsync();
        }

        if (phase == nameof(NodePhase.Ended))
        {
            node.Actor.Tell(new LeaveCluster("the test ends it"));
        }

        await node.InPhaseAsync(phase);
        return node;
    }

    /// <summary>Lets the threads go on that hold a node in a phase.</summary>
    private void LetGo(string phase)
    {
        _blas.Gate.Set();
        if (phase == nameof(NodePhase.Searching))
        {
            using (new FileStream(DatasetPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
            }

            // The search finds another hash and removes the pipe.
            Assert.True(SpinWait.SpinUntil(() => !File.Exists(DatasetPath), TimeSpan.FromSeconds(20)));
        }
    }

    private async Task<TestNode> StartAsync(ScriptedCoordinator coordinator, bool joins = true, TimeSpan? registrationTimeout = null, Action<string>? log = null)
    {
        var ended = new TaskCompletionSource<NodeEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        var setup = new NodeSetup
        {
            Name = "node",
            Workers = 1,
            Backends = [_blas],
            Cache = new DatasetCache(_cache),
            Memory = _memory,
            Security = LinkSecurity.None,
            Log = log ?? (_ => { }),
            Health = new HealthState(TimeProvider.System),
            RegistrationTimeout = registrationTimeout ?? TimeSpan.FromMinutes(2),
            Ended = ended,
        };
        TestNode node = await TestNode.StartAsync(setup, ended.Task);
        if (joins)
        {
            node.Actor.Tell(new JoinCoordinator(coordinator.Address));
        }

        return node;
    }
}
