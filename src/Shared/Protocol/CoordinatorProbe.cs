using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace NnCluster.Protocol;

/// <summary>Finds out whether a coordinator may be somewhere, before an actor system is asked to join it.</summary>
public static class CoordinatorProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Connects, with certificates also proves both sides to each other, and hangs up.</summary>
    /// <param name="host">Where it should listen, as its certificate names it.</param>
    /// <param name="port">The port of its control plane.</param>
    /// <param name="security">The cluster's.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null if something listens that may be a coordinator, or why not.</returns>
    public static async Task<string?> TryAsync(string host, int port, LinkSecurity security, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        string? distrust = null;
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(host, port, patience.Token).ConfigureAwait(false);
            if (security.Tls is { } tls)
            {
                await using var stream = new SslStream(new NetworkStream(socket));
                await stream.AuthenticateAsClientAsync(tls.ClientOptions(host, reason => distrust = reason), patience.Token).ConfigureAwait(false);
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
