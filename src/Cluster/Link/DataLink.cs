using System.IO.Hashing;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// One TCP connection between the coordinator and one worker, for what is too large for control messages. One thread
/// blocks in receiving, one in sending, so neither waits for the thread pool, and who sends never waits for the
/// network. Whatever goes wrong ends in one <see cref="LinkClosed"/>, never in an exception. Between two processes of
/// one host weights and sums stay in memory that both see, and only the order to use them is sent.
/// </summary>
public sealed class DataLink : IDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly LinkSide _side;
    private readonly LinkOptions _options;
    private readonly FrameWriter _writer;
    private readonly Queue<LinkFrame> _queue = new();
    private readonly object _gate = new();
    private readonly bool _isWithinHost;
    private LinkPools _pools = new();
    private LinkMemory? _memory;
    private FrameReader? _reader;
    private Thread? _sending;
    private LinkHeartbeat? _heartbeat;
    private LinkClosed? _closed;
    private string? _goodbye;
    private long _roundTripTicks;

    internal DataLink(Socket socket, Stream stream, LinkSide side, LinkOptions options)
    {
        _socket = socket;
        _stream = stream;
        _side = side;
        _options = options;
        _writer = new FrameWriter(stream, options);
        RemoteEndPoint = socket.RemoteEndPoint?.ToString() ?? "unknown";
        _isWithinHost = socket.RemoteEndPoint is IPEndPoint remote && socket.LocalEndPoint is IPEndPoint local && remote.Address.Equals(local.Address);
    }

    /// <summary>The other side's address, for people.</summary>
    public string RemoteEndPoint { get; }

    /// <summary>Bytes sent, headers counted.</summary>
    public long BytesSent => _writer.Bytes;

    /// <summary>Bytes received, headers counted.</summary>
    public long BytesReceived => _reader?.Bytes ?? 0;

    /// <summary>Whether weights and sums stay in memory that both sides see.</summary>
    public bool SharesMemory => _writer.Seen is not null;

    /// <summary>The last ping's way there and back, as it goes behind the frames that were queued; zero before the first.</summary>
    public TimeSpan RoundTrip => new(Volatile.Read(ref _roundTripTicks));

    /// <summary>Opens a worker's link.</summary>
    /// <param name="host">The coordinator's host, which its certificate must name.</param>
    /// <param name="port">The port of its <see cref="DataListener"/>.</param>
    /// <param name="token">The one-time token received over the control plane.</param>
    /// <param name="security">The cluster's.</param>
    /// <param name="options">Limits.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LinkException">The link could not be made; the message says why.</exception>
    public static Task<DataLink> ConnectAsync(
        string host, int port, ReadOnlyMemory<byte> token, LinkSecurity security, LinkOptions options, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(token.Length, LinkHandshake.TokenBytes);
        return Task.Factory.StartNew(
            () => LinkConnection.Connect(host, port, token.Span, security, options, cancellation),
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The <see cref="WeightsFrame.Hash"/> of a buffer.</summary>
    public static ulong HashOf(RefCountedBuffer buffer) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(buffer.Span));

    /// <summary>Begins to receive and to send. Both callbacks come from the link's own thread and must not block.</summary>
    /// <param name="pools">Where received floats go, and what the other side may see.</param>
    /// <param name="received">Gets every frame, and the one reference to its buffer.</param>
    /// <param name="closed">Called once, after the last frame and when every buffer sent has been released.</param>
    public void Start(LinkPools pools, Action<LinkFrame> received, Action<LinkClosed> closed)
    {
        if (_reader is not null)
        {
            throw new InvalidOperationException("The link has been started.");
        }

        _pools = pools;
        _reader = new FrameReader(_stream, _side, pools, _options);
        _heartbeat = new LinkHeartbeat(this, _reader, _writer, _options);
        _sending = new Thread(SendAll) { IsBackground = true, Name = $"link send {RemoteEndPoint}" };
        _sending.Start();
        if (_side == LinkSide.Coordinator && _isWithinHost && LinkMemory.Offer(pools) is { } memory)
        {
            _memory = memory;
            Send(new MemoryFrame(memory.Weights.Name, memory.Sums.Name));
        }

        new Thread(() => ReceiveAll(received, closed)) { IsBackground = true, Name = $"link receive {RemoteEndPoint}" }.Start();
    }

    /// <summary>
    /// Queues a frame and takes over its buffer's reference. Never waits: a side that reads too slowly for the queue
    /// is cut off.
    /// </summary>
    /// <returns>Whether it was queued; if not, the link is closed and the buffer released.</returns>
    public bool Send(LinkFrame frame)
    {
        FrameKind kind = FrameWriter.KindOf(frame);
        if (!FrameWriter.MaySend(_side, kind))
        {
            throw new ArgumentException($"The {_side} never sends a {kind} frame.", nameof(frame));
        }

        if (frame is DatasetChunkFrame { Bytes.Length: > FrameHeader.MaxBytes })
        {
            throw new ArgumentException($"A piece of a data set has at most {FrameHeader.MaxBytes} bytes.", nameof(frame));
        }

        bool full = false;
        lock (_gate)
        {
            if (_closed is null && _goodbye is null)
            {
                full = _queue.Count >= _options.QueueLimit;
                if (!full)
                {
                    _queue.Enqueue(frame);
                    Monitor.Pulse(_gate);
                    return true;
                }
            }
        }

        frame.Buffer?.Release();
        if (full)
        {
            Fail($"the other side does not read: {_options.QueueLimit} frames wait to be sent", expected: false);
        }

        return false;
    }

    /// <summary>Sends what is queued and a goodbye, then closes; frames still on their way here are received until then.</summary>
    public void Close(string reason, GoodbyeKind kind = GoodbyeKind.Later)
    {
        lock (_gate)
        {
            if (_closed is not null || _goodbye is not null)
            {
                return;
            }

            if (_sending is not null)
            {
                _goodbye = reason;
                _queue.Enqueue(new GoodbyeFrame(reason, kind));
                Monitor.Pulse(_gate);
                return;
            }
        }

        Fail(reason, expected: true);
    }

    /// <summary>Closes at once, because of what the other side did; nothing more is received. May be called by whoever receives.</summary>
    public void Abort(string reason) => Fail(reason, expected: false);

    /// <summary>Closes at once.</summary>
    public void Dispose() => Fail("closed here", expected: true);

    internal bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count == 0 && _goodbye is null && _closed is null;
            }
        }
    }

    internal void Fail(string reason, bool expected)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return;
            }

            _closed = _goodbye is null ? new(reason, expected) : new(_goodbye, Expected: true);
            foreach (LinkFrame frame in _queue)
            {
                frame.Buffer?.Release();
            }

            _queue.Clear();
            Monitor.PulseAll(_gate);
        }

        _heartbeat?.Dispose();
        // Disposing the socket wakes whoever is blocked in it; the stream follows when both threads have left it.
        _socket.Dispose();
        if (_sending is null)
        {
            _stream.Dispose();
        }
    }

    private void SendAll()
    {
        try
        {
            while (Next() is { } frame)
            {
                try
                {
                    _writer.Write(frame);
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
            Fail($"the connection broke while sending: {e.Message}", expected: false);
        }
    }

    private LinkFrame? Next()
    {
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                if (_closed is not null)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }

            return _queue.Dequeue();
        }
    }

    private void ReceiveAll(Action<LinkFrame> received, Action<LinkClosed> closed)
    {
        try
        {
            while (_reader!.Read() is { } frame)
            {
                Handle(frame, received);
            }

            Fail("the other side ended the connection without a goodbye", expected: false);
        }
        catch (LinkException e)
        {
            Fail(e.Message, expected: false);
        }
        catch (EndOfStreamException)
        {
            Fail("the connection ended in the middle of a frame", expected: false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Fail($"the connection broke: {e.Message}", expected: false);
        }

        _sending!.Join();
        _heartbeat!.Dispose();
        _stream.Dispose();
        _memory?.Dispose();
        closed(_closed!);
    }

    private void Handle(LinkFrame frame, Action<LinkFrame> received)
    {
        switch (frame)
        {
            case PingFrame ping:
                Send(new PongFrame(ping.SentAt));
                break;
            case PongFrame pong:
                Volatile.Write(ref _roundTripTicks, _options.Time.GetElapsedTime(pong.SentAt).Ticks);
                break;
            case MemoryFrame shown when _memory is null:
                Look(shown);
                break;
            case MemoryFoundFrame when _memory is { } memory && !SharesMemory:
                memory.Sums.Hide();
                _reader!.Seen = memory.Sums;
                _writer.Seen = memory.Weights;
                break;
            case MemoryFrame or MemoryFoundFrame:
                Fail("memory was offered or found that nobody asked for", expected: false);
                break;
            case GoodbyeFrame goodbye:
                received(frame);
                Fail($"the other side said goodbye: {goodbye.Reason}", expected: true);
                break;
            case DamagedSumFrame damaged:
                received(frame);
                Fail($"the sum of {damaged.Subtree} for {damaged.Round} was damaged on the way (its hash does not match)", expected: false);
                break;
            default:
                received(frame);
                break;
        }
    }

    private void Look(MemoryFrame shown)
    {
        _memory = LinkMemory.Find(shown, _pools);
        if (_memory is { } memory)
        {
            _reader!.Seen = memory.Weights;
            _pools.Gradients!.Add(memory.Sums);
            Send(new MemoryFoundFrame(memory.Sums));
        }
    }
}
