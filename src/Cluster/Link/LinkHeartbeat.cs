using NnCluster.Telemetry;

namespace NnCluster.Link;

/// <summary>
/// Watches a link's timeouts from a timer, because the link's threads may be blocked: closes it when a frame takes too
/// long or the peer is silent, and pings when there is nothing else to send, or when the round trip is observed.
/// </summary>
internal sealed class LinkHeartbeat : IDisposable
{
    private readonly FrameInput _input;
    private readonly FrameWriter _writer;
    private readonly LinkOptions _options;
    private readonly Func<bool> _ping;
    private readonly Action<LinkCloseCause, string> _close;
    private readonly LinkTelemetry _telemetry;
    private readonly TimeSpan _interval;
    private readonly ITimer _timer;
    private long _lastReceived;
    private long _lastSent;
    private TimeSpan _silence;
    private TimeSpan _idle;
    private TimeSpan _sincePing;

    /// <summary>Begins to watch.</summary>
    /// <param name="input">Bytes received.</param>
    /// <param name="writer">Bytes sent.</param>
    /// <param name="options">Limits.</param>
    /// <param name="ping">Sends a ping unless frames wait to be sent; returns whether it did.</param>
    /// <param name="close">Closes the link.</param>
    /// <param name="telemetry">Records the link's traffic.</param>
    public LinkHeartbeat(
        FrameInput input, FrameWriter writer, LinkOptions options, Func<bool> ping, Action<LinkCloseCause, string> close, LinkTelemetry telemetry)
    {
        _telemetry = telemetry;
        _input = input;
        _writer = writer;
        _options = options;
        _ping = ping;
        _close = close;
        _interval = new[] { options.HeartbeatInterval, options.SilenceLimit, options.FrameDeadline }.Min() / 4;
        _timer = options.Time.CreateTimer(_ => OnTick(), null, _interval, _interval);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void OnTick()
    {
        long now = _options.Time.GetTimestamp();
        if (now > _writer.FrameDueAt)
        {
            _close(LinkCloseCause.SendTimeout, "the peer does not read: a frame could not be sent in time");
        }
        else if (now > _input.FrameDueAt)
        {
            _close(LinkCloseCause.ReceiveTimeout, "the rest of a frame did not arrive in time");
        }

        // Counted in ticks, not by the clock: a process that was paused must first read the bytes that arrived meanwhile.
        _silence = Changed(ref _lastReceived, _input.Received) ? TimeSpan.Zero : _silence + _interval;
        _idle = Changed(ref _lastSent, _writer.Sent) ? TimeSpan.Zero : _idle + _interval;
        if (_silence > _options.SilenceLimit)
        {
            _close(LinkCloseCause.Silence, $"the peer sent nothing for {_silence.TotalSeconds:0.#} s");
        }
        else if ((_idle >= _options.HeartbeatInterval || (RunMeter.LinkRoundTrip.Enabled && _sincePing >= _options.HeartbeatInterval)) && _ping())
        {
            (_idle, _sincePing) = (TimeSpan.Zero, TimeSpan.Zero);
        }

        _sincePing += _interval;
        _telemetry.Record();
    }

    private static bool Changed(ref long last, long current)
    {
        bool changed = last != current;
        last = current;
        return changed;
    }
}
