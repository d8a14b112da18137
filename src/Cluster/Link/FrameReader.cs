using System.Buffers.Binary;
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

/// <summary>
/// Reads one frame after the other. Trusts nothing: a frame that is not exactly what this side may get ends in a
/// <see cref="LinkException"/> before anything is allocated for it. Used by one thread; the times may be read by any.
/// </summary>
internal sealed class FrameReader(Stream stream, LinkSide side, LinkPools pools, LinkOptions options)
{
    private readonly byte[] _header = new byte[FrameHeader.Size];
    private readonly XxHash3 _hash = new();
    private long _bytes;
    private long _frameDueAt = long.MaxValue;

    /// <summary>Where floats are that were not sent; null: they all are. Set by the thread that reads.</summary>
    public SharedMemory? Seen { get; set; }

    /// <summary>Bytes received so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>When the frame being received must be complete; <see cref="long.MaxValue"/> between frames.</summary>
    public long FrameDueAt => Volatile.Read(ref _frameDueAt);

    /// <summary>The next frame; null if the stream ends before it.</summary>
    /// <exception cref="LinkException">What arrived is no frame this side may get.</exception>
    /// <exception cref="EndOfStreamException">The stream ended within a frame.</exception>
    public LinkFrame? Read()
    {
        Volatile.Write(ref _frameDueAt, long.MaxValue);
        int first = stream.Read(_header);
        if (first == 0)
        {
            return null;
        }

        Volatile.Write(ref _bytes, _bytes + first);
        Expect(FrameHeader.Size);
        Fill(_header.AsSpan(first));
        string? problem = FrameHeader.Read(_header, out FrameHeader header);
        if (problem is null && !FrameWriter.MaySend(Other(side), header.Kind))
        {
            problem = $"a {header.Kind} frame came from the {Other(side)}";
        }

        if (problem is not null)
        {
            throw new LinkException(problem);
        }

        Expect(header.PayloadLength);
        _hash.Reset();
        return header.HasFloats ? ReadFloats(header) : ReadBytes(header);
    }

    private static LinkSide Other(LinkSide side) => side == LinkSide.Coordinator ? LinkSide.Worker : LinkSide.Coordinator;

    private LinkFrame ReadFloats(in FrameHeader header)
    {
        BufferPool pool = pools.For(header) ?? throw new LinkException($"a {header.Kind} frame of a {header.Round} round came unasked");
        if (header.IsPlace)
        {
            return FrameOf(header, ReadPlace(header, pool));
        }

        if (header.PayloadLength != (long)pool.Length * sizeof(float))
        {
            throw new LinkException($"a {header.Kind} frame with {header.PayloadLength / sizeof(float)} numbers, this run's have {pool.Length}");
        }

        RefCountedBuffer buffer = pool.Rent();
        bool handedOver = false;
        try
        {
            Fill(MemoryMarshal.AsBytes(buffer.Span), hashed: true);
            bool intact = _hash.GetCurrentHashAsUInt64() == header.PayloadHash;
            if (header.Kind == FrameKind.SubtreeSum)
            {
                handedOver = intact;
                return intact
                    ? FrameOf(header, buffer)
                    : new DamagedSumFrame(header.Term, new(header.Step, header.Round), new(header.First));
            }

            if (!intact)
            {
                throw new LinkException("the weights were damaged on the way (their hash does not match)");
            }

            handedOver = true;
            return FrameOf(header, buffer);
        }
        finally
        {
            if (!handedOver)
            {
                buffer.Release();
            }
        }
    }

    private static LinkFrame FrameOf(in FrameHeader header, RefCountedBuffer floats) => header.Kind == FrameKind.SubtreeSum
        ? new SubtreeSumFrame(header.Term, new(header.Step, header.Round), new(header.First), floats) { Computing = TimeSpan.FromMicroseconds(header.Count) }
        : new WeightsFrame(header.Term, new(header.Step, header.Round), new(header.First, header.Count), floats);

    private RefCountedBuffer ReadPlace(in FrameHeader header, BufferPool pool)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        ReadChecked(header, bytes);
        int place = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (Seen is not { } memory || memory.Length != pool.Length || place < 0 || place >= memory.Count)
        {
            throw new LinkException($"a {header.Kind} frame says that its numbers are at place {place} of a memory that has {Seen?.Count ?? 0}");
        }

        return new(memory.BufferAt(place));
    }

    private LinkFrame ReadBytes(in FrameHeader header)
    {
        byte[] bytes = header.PayloadLength == 0 ? [] : GC.AllocateUninitializedArray<byte>(header.PayloadLength);
        ReadChecked(header, bytes);
        return header.Kind switch
        {
            FrameKind.Compute => new ComputeFrame(header.Term, new(header.Step, header.Round), new(header.First, header.Count)),
            FrameKind.Failed => new FailedFrame(header.Term, new(header.Step, header.Round), new(header.First, header.Count), Encoding.UTF8.GetString(bytes)),
            FrameKind.DatasetRequest => new DatasetRequestFrame(header.Step, header.First),
            FrameKind.DatasetChunk => new DatasetChunkFrame(header.Step, bytes),
            FrameKind.Ready => new ReadyFrame(header.Term),
            FrameKind.Ping => new PingFrame(header.Step),
            FrameKind.Pong => new PongFrame(header.Step),
            FrameKind.Goodbye => new GoodbyeFrame(Encoding.UTF8.GetString(bytes), (GoodbyeKind)header.First),
            FrameKind.Memory => new MemoryFrame(SharedMemoryName.Read(bytes), SharedMemoryName.Read(bytes.AsSpan(SharedMemoryName.Size))),
            FrameKind.MemoryFound => new MemoryFoundFrame(),
            _ => throw new LinkException($"a {header.Kind} frame without numbers"),
        };
    }

    private void ReadChecked(in FrameHeader header, Span<byte> bytes)
    {
        Fill(bytes, hashed: true);
        if (_hash.GetCurrentHashAsUInt64() != header.PayloadHash)
        {
            throw new LinkException($"a {header.Kind} frame was damaged on the way (its hash does not match)");
        }
    }

    private void Expect(int bytes)
    {
        TimeSpan allowance = options.AllowanceFor(bytes);
        Volatile.Write(ref _frameDueAt, options.Time.GetTimestamp() + (long)(allowance.TotalSeconds * options.Time.TimestampFrequency));
    }

    // Hashing what has arrived while the rest is under way costs no time of its own.
    private void Fill(Span<byte> destination, bool hashed = false)
    {
        while (!destination.IsEmpty)
        {
            int read = stream.Read(destination);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            Volatile.Write(ref _bytes, _bytes + read);
            if (hashed)
            {
                _hash.Append(destination[..read]);
            }

            destination = destination[read..];
        }
    }
}
