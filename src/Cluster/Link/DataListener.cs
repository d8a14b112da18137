using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NnCluster.Security;

namespace NnCluster.Link;

/// <summary>A connection was refused, or could not be accepted.</summary>
/// <param name="From">Address of the peer; "unknown" if it had none.</param>
/// <param name="Cause">Cause.</param>
/// <param name="Reason">Text to display.</param>
internal sealed record LinkRefused(string From, LinkRefusal Cause, string Reason)
{
    /// <summary>The line to log.</summary>
    public override string ToString() => $"refused a link from {From}: {Reason}";
}

/// <summary>
/// Accepts the coordinator's links. Only a node with a token from <see cref="Expect"/> gets a link; every other
/// connection costs a thread for at most the handshake's deadline, is sent no data, and is reported with its address.
/// </summary>
internal sealed class DataListener : IDisposable
{
    private readonly Socket _socket;
    private readonly LinkSecurity _security;
    private readonly LinkOptions _options;
    private readonly Action<LinkRefused> _refused;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PendingLink> _expected = [];
    private readonly List<Socket> _pending = [];
    private readonly ManualResetEventSlim _stopped = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Address to listen on; port 0 takes a free one.</param>
    /// <param name="security">The cluster's security.</param>
    /// <param name="options">Limits.</param>
    /// <param name="refused">Gets every refused connection, from any thread.</param>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public DataListener(IPEndPoint endPoint, LinkSecurity security, LinkOptions options, Action<LinkRefused> refused)
    {
        _security = security;
        _options = options;
        _refused = refused;
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

    /// <summary>Address that it listens on.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Creates a token that opens one link, once.</summary>
    /// <param name="lifetime">Time until the token expires.</param>
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

    /// <summary>Stops listening and withdraws every token; open links stay open.</summary>
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
            pending.Fail(new(LinkRefusal.Withdrawn, "the coordinator stopped listening"));
        }
    }

    internal void Forget(PendingLink pending)
    {
        lock (_gate)
        {
            _expected.Remove(KeyOf(pending.Token.Span));
        }
    }

    // Tokens are looked up by digest: the time of a look-up reveals nothing about a token.
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
                // Out of descriptors, or the connection closed before it was accepted: neither may spin or end the loop.
                if (!_stopped.IsSet)
                {
                    _refused(new("unknown", LinkRefusal.Broken, $"it could not be accepted: {e.Message}"));
                    _stopped.Wait(TimeSpan.FromMilliseconds(100));
                }
            }
        }
    }

    private void Admit(Socket socket)
    {
        // Read the peer's address now: a closed socket no longer has one.
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
        string? mistrust = null;
        PendingLink? pending = null;
        using var deadline = new CancellationTokenSource(_options.HandshakeDeadline, _options.Time);
        try
        {
            using CancellationTokenRegistration giveUp = deadline.Token.Register(socket.Dispose);
            Stream stream = LinkConnection.Secure(socket, _security, _options, reason => mistrust = reason);
            LinkException? refusal = LinkHandshake.Listen(stream, out byte[] token);
            if (refusal is null)
            {
                pending = Redeem(token);
                refusal = pending is null ? new(LinkRefusal.Token, "its token is unknown, used or expired") : null;
            }

            LinkHandshake.Answer(stream, refusal);
            if (refusal is not null)
            {
                throw refusal;
            }

            giveUp.Dispose();
            Leave(socket);
            pending!.Complete(new DataLink(socket, stream, LinkSide.Coordinator, _options));
        }
        catch (Exception e) when (LinkConnection.IsFailure(e))
        {
            bool isPushedOut = !Leave(socket);
            bool isLate = deadline.IsCancellationRequested;
            LinkRefusal cause = isPushedOut && mistrust is null && !isLate
                ? LinkRefusal.TooManyPending
                : LinkConnection.CauseOf(e, mistrust is not null, isLate);
            string reason = cause switch
            {
                LinkRefusal.Untrusted => mistrust!,
                LinkRefusal.Timeout => "it did not introduce itself in time",
                LinkRefusal.TooManyPending => $"more than {_options.PendingLimit} at once had yet to introduce themselves",
                _ => e.Message,
            };
            _refused(new(from, cause, reason));
            pending?.Fail(new(cause, $"the link from {from} broke in the handshake: {reason}"));
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
