using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Security;

namespace NnCluster;

/// <summary>
/// Addresses, limits and security of the coordinator of a cluster. Nodes join with <c>nncluster worker --join HOST:PORT</c>.
/// </summary>
public sealed record ClusterOptions
{
    /// <summary>Address of the control plane as HOST:PORT, such as <c>10.0.0.1:4053</c>; an IPv6 address in brackets.</summary>
    public required string Listen { get; init; }

    /// <summary>
    /// Host, or HOST:PORT, by which nodes reach this machine; null: as <see cref="Listen"/>. Required if that is <c>0.0.0.0</c> or
    /// <c>[::]</c>.
    /// </summary>
    public string? Advertise { get; init; }

    /// <summary>Port of the data links; 0: a free one.</summary>
    public int LinkPort { get; init; }

    /// <summary>Number of workers, of all nodes and this process, below which the run pauses.</summary>
    public int MinWorkers { get; init; } = 1;

    /// <summary>Number of workers that must have joined before the first step; 0: <see cref="MinWorkers"/>.</summary>
    public int StartWorkers { get; init; }

    /// <summary>Longest time until <see cref="StartWorkers"/> have joined.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// PEM file with the coordinator's certificate, given with <see cref="KeyFile"/> and <see cref="AuthorityFile"/>. Both planes are
    /// then encrypted and both sides authenticated. Null: no TLS.
    /// </summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file with the private key of the certificate.</summary>
    public string? KeyFile { get; init; }

    /// <summary>PEM file with the authorities that sign the certificates of the coordinator and of all nodes.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>
    /// File with a secret of 16 to 4096 bytes, the same on the coordinator and on all nodes. It authenticates both sides and encrypts
    /// nothing.
    /// </summary>
    public string? CookieFile { get; init; }

    /// <summary>Allows an address that other machines reach without certificates and without a cookie.</summary>
    public bool Insecure { get; init; }

    /// <summary>The request of the coordinator.</summary>
    /// <exception cref="BadInputException"><see cref="Listen"/> is not an address, or a file for the security cannot be used.</exception>
    internal ClusterRequest ToRequest()
    {
        HostPort listen = HostPort.Parse(Listen)
            ?? throw new BadInputException($"{nameof(ClusterOptions)}.{nameof(Listen)} {Listen}: expected {HostPort.Expected}");
        if (listen.Host is "0.0.0.0" or "[::]" && Advertise is null)
        {
            throw new BadInputException(
                $"{nameof(ClusterOptions)}.{nameof(Listen)} {Listen}: "
                + $"set {nameof(Advertise)} to the host by which nodes reach this machine");
        }

        var security = LinkSecurity.Load(CertificateFile, KeyFile, AuthorityFile, CookieFile);
        security.RequireFor(listen.Host, Insecure);
        return new()
        {
            Listen = listen,
            Advertise = Advertise is null ? null : AdvertisedAddress.Parse(Advertise) ?? throw new BadInputException(
                $"{nameof(ClusterOptions)}.{nameof(Advertise)} {Advertise}: expected {AdvertisedAddress.Expected}"),
            LinkPort = LinkPort,
            StartTimeout = StartTimeout,
            Security = security,
        };
    }
}
