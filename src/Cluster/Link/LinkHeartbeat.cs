using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// Watches one link from the outside, because its threads may be blocked: ends it when a frame takes too long or the
/// other side is silent, and pings when there is nothing else to send.
/// </summary>
internal sealed class LinkHeartbeat : IDisposable
{
    private readonly DataLink _link;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly LinkOptions _options;
    private readonly TimeSpan _interval;
    private readonly ITimer _timer;
    private long _heard;
    private long _sent;
    private TimeSpan _silence;
    private TimeSpan _idle;

    public LinkHeartbeat(DataLink link, FrameReader reader, FrameWriter writer, LinkOptions options)
    {
        _link = link;
        _reader = reader;
        _writer = writer;
        _options = options;
        TimeSpan shortest = new[] { options.HeartbeatInterval, options.SilenceLimit, options.FrameDeadline }.Min();
        _interval = shortest / 4;
        _timer = options.Time.CreateTimer(_ => Heartbeat(), null, _interval, _interval);
    }

    public void Dispose() => _timer.Dispose();

    private void Heartbeat()
    {
        long now = _options.Time.GetTimestamp();
        if (now > _writer.FrameDueAt)
        {
            _link.Fail("the other side does not read: a frame could not be sent in time", expected: false);
        }
        else if (now > _reader.FrameDueAt)
        {
            _link.Fail("the rest of a frame did not arrive in time", expected: false);
        }

        // Counted in beats, not by the clock: a process that was stopped for a while must first read what it missed.
        _silence = Changed(ref _heard, _reader.Bytes) ? TimeSpan.Zero : _silence + _interval;
        _idle = Changed(ref _sent, _writer.Bytes) ? TimeSpan.Zero : _idle + _interval;
        if (_silence > _options.SilenceLimit)
        {
            _link.Fail($"nothing was heard from the other side for {_silence.TotalSeconds:0.#} s", expected: false);
        }
        else if (_idle >= _options.HeartbeatInterval && _link.IsIdle)
        {
            _link.Send(new PingFrame(now));
            _idle = TimeSpan.Zero;
        }
    }

    private static bool Changed(ref long last, long current)
    {
        bool changed = last != current;
        last = current;
        return changed;
    }
}
