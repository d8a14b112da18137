using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// Where the coordinator's links come in. Only a worker that shows a token from <see cref="Expect"/> gets one; whoever
/// else connects costs a thread for at most the handshake's deadline, reads nothing, and is logged with its address.
/// </summary>
public sealed class DataListener : IDisposable
{
    private readonly Socket _socket;
    private readonly LinkSecurity _security;
    private readonly LinkOptions _options;
    private readonly Action<string> _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PendingLink> _expected = [];
    private readonly List<Socket> _pending = [];
    private readonly ManualResetEventSlim _stopped = new();

    /// <summary>Listens at once.</summary>
    /// <param name="endPoint">Where; port 0 takes a free one.</param>
    /// <param name="security">The cluster's.</param>
    /// <param name="options">Limits.</param>
    /// <param name="log">Gets a line for everyone who is refused, from any thread.</param>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public DataListener(IPEndPoint endPoint, LinkSecurity security, LinkOptions options, Action<string> log)
    {
        _security = security;
        _options = options;
        _log = log;
        _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                _socket.DualMode = true;
            }

            _socket.Bind(endPoint);
            _socket.Listen(128);
        }
        catch (SocketException e)
        {
            _socket.Dispose();
            throw new BadInputException($"cannot listen for links on {endPoint}: {e.Message}", e);
        }

        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        new Thread(AcceptAll) { IsBackground = true, Name = $"link accept {EndPoint}" }.Start();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Hands out a token that opens one link, once, within its lifetime.</summary>
    public PendingLink Expect(TimeSpan lifetime)
    {
        var pending = new PendingLink(LinkHandshake.NewToken(), this, lifetime, _options.Time);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped.IsSet, this);
            _expected.Add(KeyOf(pending.Token.Span), pending);
        }

        return pending;
    }

    /// <summary>Stops listening and ends every pending; links already made live on.</summary>
    public void Dispose()
    {
        PendingLink[] expected;
        lock (_gate)
        {
            _stopped.Set();
            expected = [.. _expected.Values];
            foreach (Socket socket in _pending)
            {
                socket.Dispose();
            }
        }

        _socket.Dispose();
        foreach (PendingLink pending in expected)
        {
            pending.Fail("the coordinator stopped listening");
        }
    }

    internal void Forget(PendingLink pending)
    {
        lock (_gate)
        {
            _expected.Remove(KeyOf(pending.Token.Span));
        }
    }

    // Looked up by digest, so that how long the look-up takes says nothing about a token.
    private static string KeyOf(ReadOnlySpan<byte> token) => Convert.ToHexString(SHA256.HashData(token));

    private void AcceptAll()
    {
        while (!_stopped.IsSet)
        {
            try
            {
                Admit(_socket.Accept());
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of descriptors, or a connection gone before it was accepted: neither may spin or end the loop.
                if (!_stopped.IsSet)
                {
                    _log($"could not accept a link: {e.Message}");
                    _stopped.Wait(TimeSpan.FromMilliseconds(100));
                }
            }
        }
    }

    private void Admit(Socket socket)
    {
        // Whoever is pushed out or hung up on can no longer be asked.
        string from = socket.RemoteEndPoint?.ToString() ?? "unknown";
        Socket? oldest = null;
        lock (_gate)
        {
            if (_pending.Count >= _options.PendingLimit)
            {
                oldest = _pending[0];
                _pending.RemoveAt(0);
            }

            _pending.Add(socket);
        }

        oldest?.Dispose();
        new Thread(() => Greet(socket, from)) { IsBackground = true, Name = "link handshake" }.Start();
    }

    private void Greet(Socket socket, string from)
    {
        string? distrust = null;
        PendingLink? pending = null;
        using var deadline = new CancellationTokenSource(_options.HandshakeDeadline, _options.Time);
        try
        {
            using CancellationTokenRegistration giveUp = deadline.Token.Register(socket.Dispose);
            Stream stream = LinkConnection.Secure(socket, _security, _options, reason => distrust = reason);
            string? refusal = LinkHandshake.Listen(stream, out byte[] token);
            if (refusal is null)
            {
                pending = Redeem(token);
                refusal = pending is null ? "its token is unknown, used or expired" : null;
            }

            LinkHandshake.Answer(stream, refusal);
            if (refusal is not null)
            {
                throw new LinkException(refusal);
            }

            giveUp.Dispose();
            Leave(socket);
            pending!.Complete(new DataLink(socket, stream, LinkSide.Coordinator, _options));
        }
        catch (Exception e) when (LinkConnection.IsFailure(e))
        {
            bool pushedOut = !Leave(socket);
            string why = distrust
                ?? (deadline.IsCancellationRequested ? "it did not introduce itself in time"
                : pushedOut ? $"more than {_options.PendingLimit} at once had yet to introduce themselves"
                : e.Message);
            _log($"refused a link from {from}: {why}");
            pending?.Fail($"the link from {from} broke in the handshake: {why}");
            socket.Dispose();
        }
    }

    private PendingLink? Redeem(byte[] token)
    {
        lock (_gate)
        {
            return _expected.Remove(KeyOf(token), out PendingLink? pending) ? pending : null;
        }
    }

    private bool Leave(Socket socket)
    {
        lock (_gate)
        {
            return _pending.Remove(socket);
        }
    }
}
