namespace NnCluster.Link;

/// <summary>Writes frames, one after the other. Used by one thread; any thread may read the two properties.</summary>
/// <param name="stream">The connection.</param>
/// <param name="transport">Sends tensors.</param>
/// <param name="options">Limits.</param>
internal sealed class FrameWriter(Stream stream, ITensorTransport transport, LinkOptions options)
{
    // Header and beginning of the payload in one write: a packet of the header alone would wake the peer too early.
    private readonly byte[] _first = new byte[16 * 1024];
    private long _sent;
    private long _frameDueAt = long.MaxValue;

    /// <summary>Bytes sent so far.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Time stamp at which the frame being sent must be on the wire; <see cref="long.MaxValue"/> between frames.</summary>
    public long FrameDueAt => Volatile.Read(ref _frameDueAt);

    /// <summary>Writes a frame; the reference to its tensor stays the caller's.</summary>
    public void Write(LinkFrame frame)
    {
        ReadOnlySpan<byte> payload = FrameCodecs.Of(frame).Write(frame, _first, transport).Bytes;
        Volatile.Write(ref _frameDueAt, options.DueAt(payload.Length));
        int together = Math.Min(payload.Length, _first.Length - FrameHeader.Size);
        payload[..together].CopyTo(_first.AsSpan(FrameHeader.Size));
        stream.Write(_first, 0, FrameHeader.Size + together);
        if (together < payload.Length)
        {
            stream.Write(payload[together..]);
        }

        Volatile.Write(ref _frameDueAt, long.MaxValue);
        Volatile.Write(ref _sent, _sent + FrameHeader.Size + payload.Length);
    }
}
