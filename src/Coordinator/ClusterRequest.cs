using NnCluster.Control;
using NnCluster.Security;

namespace NnCluster.Coordinator;

/// <summary>Addresses and security of a run with nodes.</summary>
internal sealed record ClusterRequest
{
    /// <summary>Address of the control plane.</summary>
    public required HostPort Listen { get; init; }

    /// <summary>Host, and port, by which nodes reach the control plane; null: those of <see cref="Listen"/>.</summary>
    public AdvertisedAddress? Advertise { get; init; }

    /// <summary>Port of the data links; 0: a free one.</summary>
    public int LinkPort { get; init; }

    /// <summary>Address by which nodes reach the data links; null: the host of <see cref="Reached"/> and <see cref="LinkPort"/>.</summary>
    public HostPort? LinkAdvertise { get; init; }

    /// <summary>Longest time until enough workers have joined to start.</summary>
    public required TimeSpan StartTimeout { get; init; }

    /// <summary>Certificates and cookie.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Address by which nodes reach the coordinator.</summary>
    public HostPort Reached => AdvertisedAddress.Of(Advertise, Listen);
}
