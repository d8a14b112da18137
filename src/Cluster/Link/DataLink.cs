using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NnCluster.Security;

namespace NnCluster.Link;

/// <summary>
/// One TCP connection between the coordinator and a node, for frames that are too large for control messages. One thread
/// blocks in receiving, one in sending: neither waits for the thread pool, and <see cref="Send"/> never waits for the
/// network. Every error ends in one <see cref="LinkClosed"/>, none in an exception.
/// </summary>
internal sealed class DataLink : IDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly LinkSide _side;
    private readonly LinkOptions _options;
    private readonly SendQueue _queue;
    private ITensorTransport? _transport;
    private Thread? _sending;
    private LinkHeartbeat? _heartbeat;
    private LinkClosed? _closed;
    private string? _goodbye;
    private LinkTelemetry? _telemetry;
    private long _sendTicks;

    internal DataLink(Socket socket, Stream stream, LinkSide side, LinkOptions options)
    {
        _socket = socket;
        _stream = stream;
        _side = side;
        _options = options;
        _queue = new(options.QueueLimit);
        RemoteEndPoint = socket.RemoteEndPoint?.ToString() ?? "unknown";
        Peer = RemoteEndPoint;
    }

    /// <summary>Address of the peer, to display.</summary>
    public string RemoteEndPoint { get; }

    /// <summary>Gets or sets the name of the peer in metrics: set before <see cref="Start"/>.</summary>
    public string Peer { get; set; }

    /// <summary>Time in which the newest tensor was handed to the network.</summary>
    public TimeSpan SendTime => new(Interlocked.Read(ref _sendTicks));

    /// <summary>Whether both sides share the memory of model states and sums.</summary>
    internal bool SharesMemory => _transport is { SharesMemory: true };

    /// <summary>Opens a node's link.</summary>
    /// <param name="host">The coordinator's host, which its certificate must name.</param>
    /// <param name="port">Port of its <see cref="DataListener"/>.</param>
    /// <param name="token">One-time token received over the control plane.</param>
    /// <param name="security">The cluster's security.</param>
    /// <param name="options">Limits.</param>
    /// <param name="cancellation">Cancels the attempt.</param>
    /// <exception cref="LinkException">The link could not be made.</exception>
    public static Task<DataLink> ConnectAsync(
        string host, int port, ReadOnlyMemory<byte> token, LinkSecurity security, LinkOptions options, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(token.Length, LinkHandshake.TokenBytes);
        return Task.Factory.StartNew(
            () => LinkConnection.Connect(host, port, token.Span, security, options, cancellation),
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Begins to receive and to send. The link's own thread calls both callbacks; they must not block.</summary>
    /// <param name="pools">Buffers for tensors.</param>
    /// <param name="received">Gets every frame, with the one reference to its tensor.</param>
    /// <param name="closed">Called once, after the last frame, when every frame given to the link has been released.</param>
    /// <param name="export">Shared memory that a coordinator offers, if the node runs on its host; null: none.</param>
    public void Start(LinkPools pools, Action<LinkFrame> received, Action<LinkClosed> closed, NodeExport? export = null)
    {
        if (_transport is not null)
        {
            throw new InvalidOperationException("The link has been started.");
        }

        ITensorTransport transport = TransportFor(pools, export);
        var input = new FrameInput(_stream, _options);
        var reader = new FrameReader(input, _side, pools, transport);
        var writer = new FrameWriter(_stream, transport, _options);
        _transport = transport;
        _telemetry = new LinkTelemetry(Peer, input, writer, _options.Time);
        _heartbeat = new LinkHeartbeat(input, writer, _options, () => _queue.IsIdle && Send(new PingFrame()), Fail, _telemetry);
        _sending = new Thread(() => SendAll(writer)) { IsBackground = true, Name = $"link send {RemoteEndPoint}" };
        _sending.Start();
        transport.Begin(Send);
        new Thread(() => ReceiveAll(reader, received, closed)) { IsBackground = true, Name = $"link receive {RemoteEndPoint}" }.Start();
    }

    /// <summary>
    /// Queues a frame and takes over the reference to its tensor. Never waits: a peer that reads too slowly for the queue
    /// is cut off.
    /// </summary>
    /// <returns>Whether it was queued; if not, the link is closed and the tensor released.</returns>
    /// <exception cref="ArgumentException">This side never sends such a frame.</exception>
    public bool Send(LinkFrame frame)
    {
        FrameCodec codec = FrameCodecs.Of(frame);
        if (codec.Sender is { } sender && sender != _side)
        {
            throw new ArgumentException($"The {_side} never sends a {codec.Name} frame.", nameof(frame));
        }

        if (frame is DatasetChunkFrame { Bytes.Length: > DatasetChunkFrame.MaxBytes })
        {
            throw new ArgumentException($"A chunk of a data set has at most {DatasetChunkFrame.MaxBytes} bytes.", nameof(frame));
        }

        SendQueue.Result result = _queue.Add(frame);
        if (result == SendQueue.Result.Full)
        {
            Fail(LinkCloseCause.QueueFull, $"the peer does not read: {_options.QueueLimit} frames wait to be sent");
        }

        return result == SendQueue.Result.Queued;
    }

    /// <summary>Sends the queued frames and a goodbye, then closes; frames that are on their way here are received until then.</summary>
    public void Close(string reason, GoodbyeKind kind = GoodbyeKind.Later)
    {
        if (_sending is null)
        {
            Fail(LinkCloseCause.ClosedHere, reason);
        }
        else if (Interlocked.CompareExchange(ref _goodbye, reason, null) is null)
        {
            _queue.Finish(new GoodbyeFrame(reason, kind));
        }
    }

    /// <summary>Closes at once, because the peer violated the protocol; nothing more is received. The receiving callback may call it.</summary>
    public void Abort(string reason) => Fail(LinkCloseCause.Violation, reason);

    /// <summary>Closes at once.</summary>
    public void Dispose() => Fail(LinkCloseCause.ClosedHere, "closed here");

    // The first cause counts; after a goodbye of this side every cause is its consequence.
    private void Fail(LinkCloseCause cause, string reason)
    {
        var closed = Volatile.Read(ref _goodbye) is { } goodbye ? new LinkClosed(LinkCloseCause.ClosedHere, goodbye) : new LinkClosed(cause, reason);
        if (Interlocked.CompareExchange(ref _closed, closed, null) is not null)
        {
            return;
        }

        _queue.Close();
        _heartbeat?.Dispose();
        // Disposing the socket wakes the threads that block in it; the stream follows when both have left it.
        _socket.Dispose();
        if (_sending is null)
        {
            _stream.Dispose();
        }
    }

    private ITensorTransport TransportFor(LinkPools pools, NodeExport? export)
    {
        if (_side == LinkSide.Worker)
        {
            return new MappingTransport(pools);
        }

        bool isWithinHost = _socket.RemoteEndPoint is IPEndPoint remote && _socket.LocalEndPoint is IPEndPoint local && remote.Address.Equals(local.Address);
        return isWithinHost && export is not null && pools.Gradients is { } gradients && ExportingTransport.Create(export, gradients) is { } exporting
            ? exporting
            : new TcpTransport();
    }

    private void SendAll(FrameWriter writer)
    {
        try
        {
            while (_queue.Next() is { } frame)
            {
                try
                {
                    _telemetry!.Sending(frame);
                    long started = Stopwatch.GetTimestamp();
                    writer.Write(frame);
                    if (frame is TensorFrame)
                    {
                        Interlocked.Exchange(ref _sendTicks, Stopwatch.GetElapsedTime(started).Ticks);
                    }
                }
                finally
                {
                    frame.Buffer?.Release();
                }

                if (frame is GoodbyeFrame)
                {
                    _socket.Shutdown(SocketShutdown.Send);
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Fail(LinkCloseCause.ConnectionBroken, $"the connection broke while sending: {e.Message}");
        }
    }

    private void ReceiveAll(FrameReader reader, Action<LinkFrame> received, Action<LinkClosed> closed)
    {
        try
        {
            while (reader.Read() is { } frame)
            {
                Handle(frame, received);
            }

            Fail(LinkCloseCause.PeerClosed, "the peer ended the connection without a goodbye");
        }
        catch (FrameException e)
        {
            Fail(e.Violation is FrameViolation.DamagedHeader or FrameViolation.DamagedPayload ? LinkCloseCause.Damaged : LinkCloseCause.Violation, e.Message);
        }
        catch (EndOfStreamException)
        {
            Fail(LinkCloseCause.PeerClosed, "the connection ended in the middle of a frame");
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Fail(LinkCloseCause.ConnectionBroken, $"the connection broke: {e.Message}");
        }

        _sending!.Join();
        _heartbeat!.Dispose();
        _telemetry!.Record();
        _stream.Dispose();
        _transport!.Dispose();
        closed(_closed!);
    }

    private void Handle(LinkFrame frame, Action<LinkFrame> received)
    {
        switch (frame)
        {
            case PingFrame:
                Send(new PongFrame());
                break;
            case PongFrame:
                _telemetry!.Answered();
                break;
            case TransportFrame transport:
                if (!_transport!.Accept(transport))
                {
                    Fail(LinkCloseCause.Violation, $"a {FrameCodecs.Of(frame).Name} frame came that was not due");
                }

                break;
            case GoodbyeFrame goodbye:
                received(frame);
                Fail(LinkCloseCause.PeerGoodbye, $"the peer said goodbye: {goodbye.Reason}");
                break;
            case DamagedSumFrame damaged:
                received(frame);
                Fail(LinkCloseCause.Damaged, $"the sum of {damaged.Subtree} for {damaged.Round} was damaged on the way (its hash does not match)");
                break;
            default:
                received(frame);
                break;
        }
    }
}
