using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NnCluster.Security;

namespace NnCluster.Link;

/// <summary>Makes a link of a socket: socket options, TLS, handshake, all within one deadline.</summary>
internal static class LinkConnection
{
    /// <summary>Opens a link from the node's side.</summary>
    /// <exception cref="LinkException">No link was made.</exception>
    /// <exception cref="OperationCanceledException">The attempt was cancelled.</exception>
    public static DataLink Connect(
        string host, int port, ReadOnlySpan<byte> token, LinkSecurity security, LinkOptions options, CancellationToken cancellation)
    {
        RequireLittleEndian();
        string? mistrust = null;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(options.HandshakeDeadline, options.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            using CancellationTokenRegistration giveUp = either.Token.Register(socket.Dispose);
            socket.Connect(host, port);
            Stream stream = Prepare(socket, options);
            if (security.Tls is { } tls)
            {
                var secure = new SslStream(stream);
                secure.AuthenticateAsClient(tls.ClientOptions(host, reason => mistrust = reason));
                stream = secure;
            }

            LinkHandshake.Introduce(stream, token);
            return new DataLink(socket, stream, LinkSide.Worker, options);
        }
        catch (Exception e) when (IsFailure(e))
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            string reason = mistrust
                ?? (deadline.IsCancellationRequested ? $"no link within {options.HandshakeDeadline.TotalSeconds:0.#} s" : e.Message)
                + (security.Tls is not null && e is IOException ? " (does the coordinator trust this node's certificate?)" : "");
            throw new LinkException(CauseOf(e, mistrust is not null, deadline.IsCancellationRequested), $"{host}:{port}: {reason}", e);
        }
    }

    /// <summary>Prepares the coordinator's side of a socket for the handshake.</summary>
    /// <param name="socket">Accepted connection.</param>
    /// <param name="security">The cluster's security.</param>
    /// <param name="options">Limits.</param>
    /// <param name="mistrusted">Gets the reason if the peer's certificate is not trusted.</param>
    public static Stream Secure(Socket socket, LinkSecurity security, LinkOptions options, Action<string> mistrusted)
    {
        RequireLittleEndian();
        Stream stream = Prepare(socket, options);
        if (security.Tls is { } tls)
        {
            var secure = new SslStream(stream);
            secure.AuthenticateAsServer(tls.ServerOptions(mistrusted));
            stream = secure;
        }

        return stream;
    }

    /// <summary>Whether an exception is a failure of the connection, and not a bug.</summary>
    public static bool IsFailure(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or AuthenticationException or LinkException;

    /// <summary>Cause of a failure in the handshake.</summary>
    /// <param name="failure">An exception for which <see cref="IsFailure"/> holds.</param>
    /// <param name="mistrusted">Whether the peer's certificate was not trusted.</param>
    /// <param name="late">Whether the deadline had passed.</param>
    public static LinkRefusal CauseOf(Exception failure, bool mistrusted, bool late) =>
        mistrusted ? LinkRefusal.Untrusted : late ? LinkRefusal.Timeout : (failure as LinkException)?.Cause ?? LinkRefusal.Broken;

    private static NetworkStream Prepare(Socket socket, LinkOptions options)
    {
        socket.NoDelay = true;
        if (options.SocketBufferBytes > 0)
        {
            socket.SendBufferSize = options.SocketBufferBytes;
            socket.ReceiveBufferSize = options.SocketBufferBytes;
        }

        return new NetworkStream(socket, ownsSocket: true);
    }

    private static void RequireLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Floats cross the wire in little-endian order; this machine is big-endian.");
        }
    }
}
