namespace NnCluster.Cli.Chaos;

/// <summary>Takes down the network interface of a node's namespace: neither data links nor the control plane pass.</summary>
internal sealed class LinkDownInjector(NodeNamespaces network) : IFaultInjector
{
    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.OnInject();
        network.SetLink(target.Node, up: false);
        try
        {
            await Delay.ForAsync(target.Plan.Length, stop).ConfigureAwait(false);
        }
        finally
        {
            network.SetLink(target.Node, up: true);
        }
    }
}

/// <summary>Holds back all bytes of a node's data link in the relay.</summary>
internal sealed class BlackholeInjector(LinkRelay relay) : IFaultInjector
{
    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.OnInject();
        relay.Hold(target.Process);
        try
        {
            await Delay.ForAsync(target.Plan.Length, stop).ConfigureAwait(false);
        }
        finally
        {
            relay.Release(target.Process);
        }
    }
}

/// <summary>Flips one bit of a node's data link in the relay.</summary>
internal sealed class CorruptInjector(LinkRelay relay) : IFaultInjector
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        Task damaged = relay.DamageAsync(target.Process, target.Plan.Draw, target.OnInject);
        await Task.WhenAny(damaged, Delay.ForAsync(Timeout, stop)).ConfigureAwait(false);
    }
}
