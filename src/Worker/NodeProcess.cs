using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Worker;

/// <summary>Options of a node.</summary>
internal sealed record NodeOptions
{
    /// <summary>Addresses of coordinators, tried in turn.</summary>
    public required IReadOnlyList<HostPort> Coordinators { get; init; }

    /// <summary>Name of the node.</summary>
    public required string Name { get; init; }

    /// <summary>Workers that the node hosts.</summary>
    public required int Workers { get; init; }

    /// <summary>Name or address that other nodes reach this one by; null: the local address of the way to the coordinator.</summary>
    public string? Host { get; init; }

    /// <summary>BLAS backends that it offers.</summary>
    public required IReadOnlyList<IBlas> Backends { get; init; }

    /// <summary>Cache of data sets.</summary>
    public required DatasetCache Cache { get; init; }

    /// <summary>Protection of the cluster.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Time without a coordinator after which the process ends.</summary>
    public required TimeSpan GiveUpAfter { get; init; }

    /// <summary>State that the health endpoint shows.</summary>
    public required HealthState Health { get; init; }

    /// <summary>Text of an end, with the names that the user knows the properties by.</summary>
    public Func<NodeEnd, string> Describe { get; init; } = end => end.Reason;

    /// <summary>Gets status records, from any thread.</summary>
    public Action<StatusRecord> Status { get; init; } = _ => { };
}

/// <summary>
/// A node from its start to its end. Each coordinator that it joins gets an actor system of its own: one that a
/// cluster has removed cannot join it again.
/// </summary>
/// <param name="options">The options.</param>
/// <param name="log">Gets lines for display.</param>
internal sealed class NodeProcess(NodeOptions options, Action<string> log)
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);
    // An error of the node itself is tried again after 0.5, 1, 2 and 4 s: it may come from a disk or a memory that is full for a while.
    private const int MostFailures = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromMilliseconds(700);

    private readonly NodeMemory _memory = new();
    private IPAddress? _towards = CoordinatorProbe.Guess(options.Coordinators[0].Host);
    private string? _lastLine;

    private string Timeout => $"{options.GiveUpAfter.TotalSeconds:0.#} s";

    /// <summary>Works until the run is over, the node is refused, or no coordinator is there for too long.</summary>
    public async Task<ProcessEnd> RunAsync(CancellationToken stop)
    {
        long lastSeen = Stopwatch.GetTimestamp();
        int failures = 0;
        while (true)
        {
            // Start the actor system while the coordinator may still be starting.
            Incarnation? incarnation = _towards is { } guess ? Begin(guess) : null;
            (HostPort Coordinator, IPAddress Address)? found = await AwaitCoordinatorAsync(lastSeen, stop).ConfigureAwait(false);
            if (found is { Address: var address } && (incarnation is null || !IsFrom(incarnation, address)))
            {
                await EndAsync(incarnation).ConfigureAwait(false);
                incarnation = Begin(address);
                if (incarnation is null)
                {
                    continue;
                }
            }

            HostPort? coordinator = found?.Coordinator;
            NodeEnd? end = coordinator is null ? null : await WorkAsync(incarnation!, coordinator, stop).ConfigureAwait(false);
            await EndAsync(incarnation).ConfigureAwait(false);
            if (end is not { Kind: NodeEndKind.CoordinatorGone })
            {
                return EndOf(end, coordinator, stop);
            }

            Report(end, coordinator!);
            lastSeen = end.WasIn ? Stopwatch.GetTimestamp() : lastSeen;
            failures = end.Cause == NodeEndCause.NodeFailed ? failures + 1 : 0;
            if (failures == MostFailures)
            {
                log($"{end.Reason}, {MostFailures} times in a row: giving up");
                return new(ExitCode.Failed, end.Reason);
            }

            if (failures > 0)
            {
                await Task.WhenAny(Task.Delay(FirstPause * (1 << (failures - 1)), stop)).ConfigureAwait(false);
            }

            EndedSystems.Collect();
        }
    }

    private void Report(NodeEnd end, HostPort coordinator)
    {
        options.Status(new CoordinatorGone(coordinator.ToString(), end.Reason));
        LogOnce($"{coordinator}: {end.Reason}; waiting for a coordinator for up to {Timeout} (--give-up-after)");
    }

    /// <summary>Reports the end of the process.</summary>
    private ProcessEnd EndOf(NodeEnd? end, HostPort? coordinator, CancellationToken stop)
    {
        switch (end?.Kind)
        {
            case NodeEndKind.RunOver:
                options.Status(new Dismissed(end.Reason));
                log($"the run is over: {end.Reason}");
                return new(ExitCode.Done, end.Reason);
            case NodeEndKind.Refused when end.Cause == NodeEndCause.DatasetUnusable:
                string unusable = options.Describe(end);
                log($"cannot take part in the run of {coordinator}: {unusable}");
                return new(ExitCode.BadInput, unusable);
            case NodeEndKind.Refused:
                string refusal = options.Describe(end);
                options.Status(new Refused(coordinator!.ToString(), refusal));
                log($"refused by {coordinator}: {refusal}");
                return new(ExitCode.Refused, refusal);
            default:
                if (stop.IsCancellationRequested)
                {
                    return new(ExitCode.Interrupted);
                }

                string reason = $"no coordinator at {string.Join(" or ", options.Coordinators)} for {Timeout} (--give-up-after)";
                log($"{reason}: giving up");
                return new(ExitCode.CoordinatorGone, reason);
        }
    }

    /// <summary>Starts an actor system on the local address of the way to the coordinator; null while there is no way.</summary>
    private Incarnation? Begin(IPAddress towards)
    {
        _towards = towards;
        if (LocalAddress(towards) is not { } from)
        {
            return null;
        }

        var ended = new TaskCompletionSource<NodeEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        return new(from, Task.Run(() => StartAsync(from, ended), CancellationToken.None), ended.Task);
    }

    // With --host, the node goes by that name whichever local address it dials from.
    private bool IsFrom(Incarnation incarnation, IPAddress towards) => options.Host is null
        ? incarnation.From.Equals(LocalAddress(towards))
        : incarnation.From.AddressFamily == towards.AddressFamily;

    private IPAddress? LocalAddress(IPAddress towards)
    {
        try
        {
            return ClusterHost.LocalAddressTowards(towards);
        }
        catch (SocketException e)
        {
            ReportWaiting($"no route to {towards} yet: {e.Message}");
            return null;
        }
    }

    private static async Task EndAsync(Incarnation? incarnation)
    {
        if (incarnation is not null)
        {
            ClusterHost host = await incarnation.Starting.ConfigureAwait(false);
            // Leaving a cluster takes some rounds of gossip, and nothing depends on them.
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
            Status = options.Status,
            Health = options.Health,
            Ended = ended,
        };
        var node = new ClusterNode
        {
            Role = ClusterNode.WorkerRole,
            Log = log,
            Host = options.Host ?? options.Security.Tls?.NameAt(from) ?? from.ToString(),
            Dials = from.AddressFamily,
            Security = options.Security,
        };
        return ClusterHost.StartAsync(node, (system, actors) => actors.Register<NodeActor>(system.ActorOf(NodeActor.Props(setup), "node")));
    }

    private async Task<NodeEnd> WorkAsync(Incarnation incarnation, HostPort coordinator, CancellationToken stop)
    {
        ClusterHost host = await incarnation.Starting.ConfigureAwait(false);
        IActorRef node = host.Actors.Get<NodeActor>();
        node.Tell(new JoinCoordinator(ClusterNode.AddressOf(coordinator.Host, coordinator.Port, options.Security)));
        await using (stop.Register(() => node.Tell(new LeaveCluster("it was asked to end"))))
        {
            return await incarnation.Ended.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits until a coordinator answers; null after <see cref="NodeOptions.GiveUpAfter"/>, or when the end is asked
    /// for.
    /// </summary>
    private async Task<(HostPort Coordinator, IPAddress Address)?> AwaitCoordinatorAsync(long since, CancellationToken stop)
    {
        options.Health.SetStatus(true, "waiting for a coordinator");
        while (!stop.IsCancellationRequested && Stopwatch.GetElapsedTime(since) <= options.GiveUpAfter)
        {
            if (await ProbeAsync(stop).ConfigureAwait(false) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The first coordinator that answers; null if none does.</summary>
    private async Task<(HostPort Coordinator, IPAddress Address)?> ProbeAsync(CancellationToken stop)
    {
        foreach (HostPort coordinator in options.Coordinators)
        {
            options.Health.Heartbeat();
            ProbeResult probe = await CoordinatorProbe
                .TryAsync(coordinator.Host, coordinator.Port, options.Security, stop)
                .ConfigureAwait(false);
            if (probe.Address is { } address)
            {
                return (coordinator, address);
            }

            ReportWaiting($"no coordinator at {coordinator} yet: {probe.Reason}");
        }

        await Task.WhenAny(Task.Delay(ProbeInterval, stop)).ConfigureAwait(false);
        return null;
    }

    private void ReportWaiting(string reason)
    {
        if (LogOnce(reason))
        {
            options.Status(new Waiting([.. options.Coordinators.Select(coordinator => coordinator.ToString())], reason));
        }
    }

    /// <summary>Logs a line unless it is the last one again: probes repeat five times a second.</summary>
    private bool LogOnce(string line)
    {
        if (line == _lastLine)
        {
            return false;
        }

        _lastLine = line;
        log(line);
        return true;
    }

    /// <summary>The node between the start of an actor system and its end.</summary>
    /// <param name="From">Local address that it dials from.</param>
    /// <param name="Starting">Its actor system.</param>
    /// <param name="Ended">How it ended.</param>
    private sealed record Incarnation(IPAddress From, Task<ClusterHost> Starting, Task<NodeEnd> Ended);
}
