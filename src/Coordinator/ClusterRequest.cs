using NnCluster.Control;
using NnCluster.Security;

namespace NnCluster.Coordinator;

/// <summary>How a run takes in workers from other processes and machines.</summary>
internal sealed record ClusterRequest
{
    /// <summary>Where the coordinator listens.</summary>
    public required HostPort Listen { get; init; }

    /// <summary>What workers reach it by, where that is not the address it listens on.</summary>
    public string? Advertise { get; init; }

    /// <summary>The port of the links; 0: a free one.</summary>
    public int LinkPort { get; init; }

    /// <summary>What workers reach the links by, where that is not <see cref="Host"/> and <see cref="LinkPort"/>.</summary>
    public HostPort? LinkAdvertise { get; init; }

    /// <summary>How long the run waits for its first workers.</summary>
    public required TimeSpan StartTimeout { get; init; }

    /// <summary>The cluster's protection.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>The coordinator's host, as workers must call it.</summary>
    public string Host => Advertise ?? Listen.Host;
}
