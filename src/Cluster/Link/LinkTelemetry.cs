using NnCluster.Telemetry;

namespace NnCluster.Link;

/// <summary>Traffic and round trips of one link, for <see cref="RunMeter"/>.</summary>
/// <param name="peer">Name of the peer.</param>
/// <param name="input">Bytes received.</param>
/// <param name="writer">Bytes sent.</param>
/// <param name="time">The clock.</param>
internal sealed class LinkTelemetry(string peer, FrameInput input, FrameWriter writer, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly KeyValuePair<string, object?> _peer = new("peer", peer);
    private long _received;
    private long _sent;
    private long _pingedAt;

    /// <summary>Notes the time of a ping; called before a frame is written.</summary>
    public void Sending(LinkFrame frame)
    {
        if (frame is PingFrame)
        {
            // The oldest ping without an answer counts: a slow link may have several.
            Interlocked.CompareExchange(ref _pingedAt, time.GetTimestamp(), 0);
        }
    }

    /// <summary>Records the round trip of the oldest ping without an answer.</summary>
    public void Answered()
    {
        if (Interlocked.Exchange(ref _pingedAt, 0) is var pinged and not 0)
        {
            RunMeter.LinkRoundTrip.Record(time.GetElapsedTime(pinged).TotalSeconds, _peer);
        }
    }

    /// <summary>Records the bytes since the last call.</summary>
    public void Record()
    {
        lock (_gate)
        {
            Add(ref _received, input.Received, "received");
            Add(ref _sent, writer.Sent, "sent");
        }
    }

    private void Add(ref long before, long now, string direction)
    {
        if (now > before)
        {
            RunMeter.LinkBytes.Add(now - before, _peer, new("direction", direction));
            before = now;
        }
    }
}
