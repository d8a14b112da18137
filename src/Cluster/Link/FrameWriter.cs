using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>Writes one frame after the other. Used by one thread; the times may be read by any.</summary>
internal sealed class FrameWriter(Stream stream, LinkOptions options)
{
    // Header and the beginning of the payload leave in one piece: no packet of 56 bytes wakes the other side too early.
    private readonly byte[] _first = new byte[16 * 1024];
    private long _bytes;
    private long _frameDueAt = long.MaxValue;
    private volatile SharedMemory? _seen;

    /// <summary>What the other side sees as well: of a buffer in it only the place is sent. Set by any thread.</summary>
    public SharedMemory? Seen
    {
        get => _seen;
        set => _seen = value;
    }

    /// <summary>Bytes sent so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>When the frame being sent must be on the wire; <see cref="long.MaxValue"/> between frames.</summary>
    public long FrameDueAt => Volatile.Read(ref _frameDueAt);

    /// <summary>Which frames a side may send.</summary>
    public static bool MaySend(LinkSide side, FrameKind kind) => kind switch
    {
        FrameKind.Weights or FrameKind.Compute or FrameKind.DatasetChunk or FrameKind.Memory => side == LinkSide.Coordinator,
        FrameKind.SubtreeSum or FrameKind.Failed or FrameKind.DatasetRequest or FrameKind.Ready or FrameKind.MemoryFound => side == LinkSide.Worker,
        _ => true,
    };

    /// <summary>Writes the frame; releases nothing.</summary>
    public void Write(LinkFrame frame)
    {
        bool isPlace = frame.Buffer is { Memory.Home: { } home } && home == Seen;
        ReadOnlySpan<byte> payload = frame switch
        {
            { Buffer.Memory: { } memory } when isPlace => BitConverter.GetBytes(memory.Place),
            MemoryFrame shown => Offer(shown),
            { Buffer: { } buffer } => MemoryMarshal.AsBytes(buffer.Span),
            DatasetChunkFrame chunk => chunk.Bytes.Span,
            FailedFrame failed => Text(failed.Error),
            GoodbyeFrame goodbye => Text(goodbye.Reason),
            _ => [],
        };
        ulong hash = isPlace ? XxHash3.HashToUInt64(payload) : (frame as WeightsFrame)?.Hash?.Value ?? XxHash3.HashToUInt64(payload);
        (HeaderOf(frame, payload.Length, hash) with { IsPlace = isPlace }).Write(_first);
        TimeSpan allowance = options.AllowanceFor(payload.Length);
        Volatile.Write(ref _frameDueAt, options.Time.GetTimestamp() + (long)(allowance.TotalSeconds * options.Time.TimestampFrequency));

        int together = Math.Min(payload.Length, _first.Length - FrameHeader.Size);
        payload[..together].CopyTo(_first.AsSpan(FrameHeader.Size));
        stream.Write(_first, 0, FrameHeader.Size + together);
        if (together < payload.Length)
        {
            stream.Write(payload[together..]);
        }

        if (frame is MemoryFoundFrame { Sums: { } sums })
        {
            Seen = sums;
        }

        Volatile.Write(ref _frameDueAt, long.MaxValue);
        Volatile.Write(ref _bytes, _bytes + FrameHeader.Size + payload.Length);
    }

    /// <summary>The kind of a frame that can be sent.</summary>
    /// <exception cref="ArgumentException">It is only ever received.</exception>
    public static FrameKind KindOf(LinkFrame frame) => frame switch
    {
        WeightsFrame => FrameKind.Weights,
        ComputeFrame => FrameKind.Compute,
        SubtreeSumFrame => FrameKind.SubtreeSum,
        FailedFrame => FrameKind.Failed,
        DatasetRequestFrame => FrameKind.DatasetRequest,
        DatasetChunkFrame => FrameKind.DatasetChunk,
        ReadyFrame => FrameKind.Ready,
        PingFrame => FrameKind.Ping,
        PongFrame => FrameKind.Pong,
        GoodbyeFrame => FrameKind.Goodbye,
        MemoryFrame => FrameKind.Memory,
        MemoryFoundFrame => FrameKind.MemoryFound,
        _ => throw new ArgumentException($"A {frame.GetType().Name} is never sent.", nameof(frame)),
    };

    private static FrameHeader HeaderOf(LinkFrame frame, int length, ulong hash) => frame switch
    {
        WeightsFrame f => new(FrameKind.Weights, f.Term, f.Round.Step, f.Round.Kind, f.Shards.Start, f.Shards.Count, length, hash),
        ComputeFrame f => new(FrameKind.Compute, f.Term, f.Round.Step, f.Round.Kind, f.Shards.Start, f.Shards.Count, length, hash),
        SubtreeSumFrame f => new(FrameKind.SubtreeSum, f.Term, f.Round.Step, f.Round.Kind, f.Subtree.Value, Microseconds(f.Computing), length, hash),
        FailedFrame f => new(FrameKind.Failed, f.Term, f.Round.Step, f.Round.Kind, f.Shards.Start, f.Shards.Count, length, hash),
        DatasetRequestFrame f => new(FrameKind.DatasetRequest, 0, f.Offset, 0, f.Length, 0, length, hash),
        DatasetChunkFrame f => new(FrameKind.DatasetChunk, 0, f.Offset, 0, 0, 0, length, hash),
        ReadyFrame f => new(FrameKind.Ready, f.Term, 0, 0, 0, 0, length, hash),
        PingFrame f => new(FrameKind.Ping, 0, f.SentAt, 0, 0, 0, length, hash),
        PongFrame f => new(FrameKind.Pong, 0, f.SentAt, 0, 0, 0, length, hash),
        GoodbyeFrame f => new(FrameKind.Goodbye, 0, 0, 0, (int)f.Kind, 0, length, hash),
        _ => new(KindOf(frame), 0, 0, 0, 0, 0, length, hash),
    };

    private static int Microseconds(TimeSpan time) => (int)Math.Clamp(time.TotalMicroseconds, 0, int.MaxValue);

    private static byte[] Offer(MemoryFrame shown)
    {
        byte[] bytes = new byte[LinkMemory.OfferSize];
        shown.Weights.Write(bytes);
        shown.Sums.Write(bytes.AsSpan(SharedMemoryName.Size));
        return bytes;
    }

    private static ReadOnlySpan<byte> Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.AsSpan(0, Math.Min(bytes.Length, FrameHeader.MaxBytes));
    }
}
