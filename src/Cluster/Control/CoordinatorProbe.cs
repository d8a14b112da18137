using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NnCluster.Security;

namespace NnCluster.Control;

/// <summary>Result of a probe.</summary>
/// <param name="Address">Address at which a coordinator may listen and which Akka.Remote will dial; null if there is none.</param>
/// <param name="Reason">Text for the log if there is none; else null.</param>
internal sealed record ProbeResult(IPAddress? Address, string? Reason);

/// <summary>Checks whether a coordinator may listen at an address, before an actor system tries to join it.</summary>
internal static class CoordinatorProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Connects, completes a TLS handshake if there are certificates, and closes the connection. Takes up to 2 s an address.
    /// </summary>
    /// <param name="host">Host of the coordinator, as its certificate names it.</param>
    /// <param name="port">Port of its control plane.</param>
    /// <param name="security">Protection of the cluster.</param>
    /// <param name="cancellation">Cancels the probe; the result then has a reason.</param>
    public static async Task<ProbeResult> TryAsync(string host, int port, LinkSecurity security, CancellationToken cancellation)
    {
        IPAddress[] all;
        try
        {
            all = await AddressesAsync(host, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return new(null, e is SocketException ? e.Message : "no answer from the name service");
        }

        IPAddress[] dialled = Dialled(all);
        List<string> reasons = [];
        foreach (IPAddress address in dialled)
        {
            if (await TryAsync(address, host, port, security, cancellation).ConfigureAwait(false) is not { } reason)
            {
                return new(address, null);
            }

            reasons.Add(dialled.Length == 1 ? reason : $"{address}: {reason}");
        }

        foreach (IPAddress address in all.Except(dialled))
        {
            if (await TryAsync(address, host, port, security, cancellation).ConfigureAwait(false) is null)
            {
                return new(null, NotDialled(all, dialled, address));
            }
        }

        return new(null, string.Join("; ", reasons.Distinct()));
    }

    /// <summary>The address that a name probably leads to; null if the name is not known.</summary>
    public static IPAddress? Guess(string host)
    {
        try
        {
            return IPAddress.TryParse(host, out IPAddress? address) ? address : Dialled(Dns.GetHostAddresses(host)).FirstOrDefault();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>
    /// The addresses of a name that Akka.Remote can be made to dial: the last of each family, IPv4 first. A node joins by
    /// the name alone, since a coordinator ignores messages that are addressed to another name.
    /// </summary>
    internal static IPAddress[] Dialled(IReadOnlyCollection<IPAddress> all) =>
    [
        .. new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 }
            .Select(family => all.LastOrDefault(address => address.AddressFamily == family)).OfType<IPAddress>(),
    ];

    /// <summary>Text for the case that the only address that answers is one that Akka.Remote does not dial.</summary>
    internal static string NotDialled(IReadOnlyList<IPAddress> all, IReadOnlyList<IPAddress> dialled, IPAddress answers) =>
        $"the name stands for {all.Count} addresses; {answers} answers, but {string.Join(" and ", dialled)} would be dialled: "
        + $"give the coordinator a name or address of its own (for instance {answers}) and join that";

    private static async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation) =>
        IPAddress.TryParse(host, out IPAddress? address)
            ? [address]
            : await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false);

    private static async Task<string?> TryAsync(
        IPAddress address, string host, int port, LinkSecurity security, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Timeout);
        string? distrust = null;
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, port, timeout.Token).ConfigureAwait(false);
            if (security.Tls is { } tls)
            {
                await using var stream = new SslStream(new NetworkStream(socket));
                SslClientAuthenticationOptions options = tls.ClientOptions(host, reason => distrust = reason);
                await stream.AuthenticateAsClientAsync(options, timeout.Token).ConfigureAwait(false);
                await stream.ShutdownAsync().ConfigureAwait(false);
            }

            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            return distrust ?? (e is SocketException ? e.Message : $"no TLS connection: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            return "no answer";
        }
    }
}
