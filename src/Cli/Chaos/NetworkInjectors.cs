using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>Takes the network interface of a worker's namespace down: nothing passes, neither gradients nor heartbeats.</summary>
internal sealed class LinkDownInjector(NodeNamespaces network) : IFaultInjector
{
    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.Strikes();
        network.SetLink(target.Worker, up: false);
        try
        {
            await Pause.ForAsync(target.Plan.Length, stop).ConfigureAwait(false);
        }
        finally
        {
            network.SetLink(target.Worker, up: true);
        }
    }
}

/// <summary>Holds everything back that passes through the relay between a worker and the coordinator.</summary>
internal sealed class BlackholeInjector(LinkRelay relay) : IFaultInjector
{
    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.Strikes();
        relay.Hold(target.Process);
        try
        {
            await Pause.ForAsync(target.Plan.Length, stop).ConfigureAwait(false);
        }
        finally
        {
            relay.Release(target.Process);
        }
    }
}

/// <summary>Turns one bit over in what passes through the relay between a worker and the coordinator.</summary>
internal sealed class CorruptInjector(LinkRelay relay) : IFaultInjector
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        Task damaged = relay.DamageAsync(target.Process, target.Plan.Draw, target.Strikes);
        await Task.WhenAny(damaged, Pause.ForAsync(Timeout, stop)).ConfigureAwait(false);
    }
}
