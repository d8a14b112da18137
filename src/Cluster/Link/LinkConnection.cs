using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>How both sides come from a socket to a link: options, TLS, handshake, all within one deadline.</summary>
internal static class LinkConnection
{
    /// <summary>The worker's side.</summary>
    /// <exception cref="LinkException">No link came about.</exception>
    public static DataLink Connect(
        string host, int port, ReadOnlySpan<byte> token, LinkSecurity security, LinkOptions options, CancellationToken cancellation)
    {
        RequireLittleEndian();
        string? distrust = null;
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
                secure.AuthenticateAsClient(tls.ClientOptions(host, reason => distrust = reason));
                stream = secure;
            }

            LinkHandshake.Introduce(stream, token);
            return new DataLink(socket, stream, LinkSide.Worker, options);
        }
        catch (Exception e) when (IsFailure(e))
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            string why = distrust
                ?? (deadline.IsCancellationRequested ? $"no link within {options.HandshakeDeadline.TotalSeconds:0.#} s" : e.Message)
                + (security.Tls is not null && e is IOException ? " (does the coordinator trust this node's certificate?)" : "");
            throw new LinkException($"{host}:{port}: {why}", e);
        }
    }

    /// <summary>The coordinator's side: a stream on which the handshake may begin.</summary>
    public static Stream Secure(Socket socket, LinkSecurity security, LinkOptions options, Action<string> distrusted)
    {
        RequireLittleEndian();
        Stream stream = Prepare(socket, options);
        if (security.Tls is { } tls)
        {
            var secure = new SslStream(stream);
            secure.AuthenticateAsServer(tls.ServerOptions(distrusted));
            stream = secure;
        }

        return stream;
    }

    /// <summary>Whether this is how a connection fails, as opposed to a program.</summary>
    public static bool IsFailure(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or AuthenticationException or LinkException;

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
