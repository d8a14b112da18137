using System.IO.Hashing;

namespace NnCluster.Link;

/// <summary>
/// Bytes received by a link: counts them, hashes payloads while they arrive, and knows the deadline of the frame being
/// received. Read by one thread; any thread may read the two properties.
/// </summary>
internal sealed class FrameInput(Stream stream, LinkOptions options)
{
    private readonly XxHash3 _hash = new();
    private long _received;
    private long _frameDueAt = long.MaxValue;

    /// <summary>Bytes received so far.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Time stamp at which the frame being received must be complete; <see cref="long.MaxValue"/> between frames.</summary>
    public long FrameDueAt => Volatile.Read(ref _frameDueAt);

    /// <summary>Waits for a header, without a deadline for its first byte.</summary>
    /// <returns>False if the stream ended before it.</returns>
    /// <exception cref="EndOfStreamException">The stream ended within it.</exception>
    public bool TryReadHeader(Span<byte> header)
    {
        Volatile.Write(ref _frameDueAt, long.MaxValue);
        int first = stream.Read(header);
        if (first == 0)
        {
            return false;
        }

        Count(first);
        Expect(header.Length);
        Fill(header[first..], hashed: false);
        return true;
    }

    /// <summary>Sets the deadline for a payload.</summary>
    public void Expect(int bytes) => Volatile.Write(ref _frameDueAt, options.DueAt(bytes));

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">As many bytes as the header says.</param>
    /// <param name="header">Header of the frame.</param>
    /// <returns>Whether the payload matches its hash.</returns>
    /// <exception cref="EndOfStreamException">The stream ended within it.</exception>
    public bool TryRead(Span<byte> payload, FrameHeader header)
    {
        _hash.Reset();
        Fill(payload, hashed: true);
        return _hash.GetCurrentHashAsUInt64() == header.PayloadHash;
    }

    /// <summary>Reads a payload that must match its hash.</summary>
    /// <exception cref="FrameException">It does not.</exception>
    /// <exception cref="EndOfStreamException">The stream ended within it.</exception>
    public void ReadIntact(Span<byte> payload, FrameHeader header, string kind)
    {
        if (!TryRead(payload, header))
        {
            throw new FrameException(FrameViolation.DamagedPayload, $"a {kind} frame was damaged on the way (its hash does not match)");
        }
    }

    // Hashing each part while the next is on its way costs no time of its own.
    private void Fill(Span<byte> destination, bool hashed)
    {
        while (!destination.IsEmpty)
        {
            int read = stream.Read(destination);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            Count(read);
            if (hashed)
            {
                _hash.Append(destination[..read]);
            }

            destination = destination[read..];
        }
    }

    private void Count(int bytes) => Volatile.Write(ref _received, _received + bytes);
}
