using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>What a worker node is started with.</summary>
internal sealed record NodeOptions
{
    /// <summary>Where coordinators may be.</summary>
    public required IReadOnlyList<HostPort> Coordinators { get; init; }

    /// <summary>What the node is called.</summary>
    public required string Name { get; init; }

    /// <summary>Workers it runs.</summary>
    public required int Workers { get; init; }

    /// <summary>What other nodes reach it by; null: the address that leads to the coordinator.</summary>
    public string? Host { get; init; }

    /// <summary>The backends it has.</summary>
    public required IReadOnlyList<IBlas> Backends { get; init; }

    /// <summary>Where data sets are kept.</summary>
    public required DatasetCache Cache { get; init; }

    /// <summary>The cluster's protection.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>How long the coordinator may be away.</summary>
    public required TimeSpan GiveUpAfter { get; init; }

    /// <summary>Is told how the node is.</summary>
    public required HealthState Health { get; init; }
}

/// <summary>
/// A worker node from its start to its end: one life after the other, each with an actor system of its own, since an
/// actor system that was given up by a cluster cannot come back to it.
/// </summary>
internal sealed class NodeProcess(NodeOptions options, Action<string> log)
{
    /// <summary>How a node says that it ends with the run.</summary>
    public const string RunIsOver = "the run is over";

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromMilliseconds(700);

    private readonly NodeMemory _memory = new();
    private IPAddress? _towards = CoordinatorProbe.Guess(options.Coordinators[0].Host);
    private string? _said;

    /// <summary>Works until the run is over, the node is refused, or the coordinator stays away for too long.</summary>
    /// <returns>The program's exit code.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        long lastSeen = Stopwatch.GetTimestamp();
        while (true)
        {
            // The actor system starts while the coordinator, perhaps, does the same.
            Life? life = _towards is { } guess ? Begin(guess) : null;
            (HostPort Coordinator, IPAddress Address)? found = await AwaitCoordinatorAsync(lastSeen, stop).ConfigureAwait(false);
            if (found is { Address: var address } && (life is null || !IsFrom(life, address)))
            {
                await EndAsync(life).ConfigureAwait(false);
                life = Begin(address);
                if (life is null)
                {
                    continue;
                }
            }

            HostPort? coordinator = found?.Coordinator;
            NodeEnd? end = coordinator is null ? null : await LiveAsync(life!, coordinator, stop).ConfigureAwait(false);
            await EndAsync(life).ConfigureAwait(false);
            if (end?.Kind == NodeEndKind.CoordinatorGone)
            {
                // A life leaves a whole actor system behind; left to itself the collector lets a few hundred megabytes of them pile up.
                GC.Collect();
            }

            switch (end?.Kind)
            {
                case NodeEndKind.RunOver:
                    log($"{RunIsOver}: {end.Reason}");
                    return ExitCode.Done;
                case NodeEndKind.Refused:
                    log($"refused by {coordinator}: {end.Reason}");
                    return ExitCode.BadInput;
                case NodeEndKind.CoordinatorGone:
                    Say($"{coordinator}: {end.Reason}; waiting for a coordinator for up to {options.GiveUpAfter.TotalSeconds:0.#} s (--give-up-after)");
                    lastSeen = end.WasIn ? Stopwatch.GetTimestamp() : lastSeen;
                    break;
                default:
                    if (stop.IsCancellationRequested)
                    {
                        return ExitCode.Done;
                    }

                    log($"no coordinator at {string.Join(" or ", options.Coordinators)} for {options.GiveUpAfter.TotalSeconds:0.#} s: giving up");
                    return ExitCode.Failed;
            }
        }
    }

    /// <summary>Begins a life on the address from which the coordinator is reached; null while no way leads there.</summary>
    private Life? Begin(IPAddress towards)
    {
        _towards = towards;
        if (LocalAddress(towards) is not { } from)
        {
            return null;
        }

        var ended = new TaskCompletionSource<NodeEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        return new(from, Task.Run(() => StartAsync(from, ended), CancellationToken.None), ended.Task);
    }

    // A host of the user's own stands for the machine whatever way leads to the coordinator.
    private bool IsFrom(Life life, IPAddress towards) => options.Host is null
        ? life.From.Equals(LocalAddress(towards))
        : life.From.AddressFamily == towards.AddressFamily;

    private IPAddress? LocalAddress(IPAddress towards)
    {
        try
        {
            return ClusterHost.LocalAddressTowards(towards);
        }
        catch (SocketException e)
        {
            Say($"no way leads to {towards} yet: {e.Message}");
            return null;
        }
    }

    private static async Task EndAsync(Life? life)
    {
        if (life is not null)
        {
            ClusterHost host = await life.Starting.ConfigureAwait(false);
            // Leaving takes a few rounds of gossip; nobody needs to wait for a member that does nothing any more.
            await Task.WhenAny(host.DisposeAsync().AsTask(), Task.Delay(LeaveTimeout, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    private Task<ClusterHost> StartAsync(IPAddress from, TaskCompletionSource<NodeEnd> ended)
    {
        var setup = new NodeSetup
        {
            Name = options.Name,
            Workers = options.Workers,
            Backends = options.Backends,
            Cache = options.Cache,
            Memory = _memory,
            Security = options.Security,
            Log = log,
            Health = options.Health,
            Ended = ended,
        };
        var node = new ClusterNode
        {
            Role = ClusterNode.WorkerRole,
            Host = options.Host ?? from.ToString(),
            Dials = from.AddressFamily,
            Security = options.Security,
        };
        return ClusterHost.StartAsync(
            node, WorkerActor.DispatcherConfig, (system, actors) => actors.Register<NodeActor>(system.ActorOf(NodeActor.Props(setup), "node")));
    }

    private async Task<NodeEnd> LiveAsync(Life life, HostPort coordinator, CancellationToken stop)
    {
        ClusterHost host = await life.Starting.ConfigureAwait(false);
        IActorRef node = host.Actors.Get<NodeActor>();
        node.Tell(new JoinCoordinator(ClusterNode.AddressOf(coordinator.Host, coordinator.Port, options.Security)));
        await using (stop.Register(() => node.Tell(new LeaveCluster("it was asked to end"))))
        {
            return await life.Ended.ConfigureAwait(false);
        }
    }

    /// <summary>Waits until a coordinator can be reached; null when the timeout is over or the end is asked for.</summary>
    private async Task<(HostPort Coordinator, IPAddress Address)?> AwaitCoordinatorAsync(long since, CancellationToken stop)
    {
        options.Health.Say(true, "waiting for a coordinator");
        while (!stop.IsCancellationRequested && Stopwatch.GetElapsedTime(since) <= options.GiveUpAfter)
        {
            if (await ReachableAsync(stop).ConfigureAwait(false) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The first coordinator that something listens at; null after a round in which there was none.</summary>
    private async Task<(HostPort Coordinator, IPAddress Address)?> ReachableAsync(CancellationToken stop)
    {
        foreach (HostPort coordinator in options.Coordinators)
        {
            options.Health.Heartbeat();
            ProbeResult probe = await CoordinatorProbe.TryAsync(coordinator.Host, coordinator.Port, options.Security, stop).ConfigureAwait(false);
            if (probe.Address is { } address)
            {
                return (coordinator, address);
            }

            Say($"no coordinator at {coordinator} yet: {probe.Reason}");
        }

        await Task.WhenAny(Task.Delay(ProbeInterval, stop)).ConfigureAwait(false);
        return null;
    }

    // A coordinator that stays away is worth one line, not one a second.
    private void Say(string line)
    {
        if (line != _said)
        {
            _said = line;
            log(line);
        }
    }

    /// <summary>One life: an actor system that dials from <paramref name="From"/>.</summary>
    private sealed record Life(IPAddress From, Task<ClusterHost> Starting, Task<NodeEnd> Ended);
}
