using System.Buffers.Binary;
using System.IO.Hashing;
using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>
/// Leaves tensors in regions of memory that both processes share and sends a buffer's index. Tensors in no region are
/// sent over TCP, as all are until the peer has agreed. A tensor that was sent by its index is leased.
/// </summary>
/// <param name="leases">Holds what the peer may read.</param>
internal abstract class SharedMemoryTransport(TensorLeases leases) : ITensorTransport
{
    private readonly TcpTransport _tcp = new();
    private readonly byte[] _index = new byte[sizeof(int)];
    private volatile Regions? _regions;

    /// <inheritdoc/>
    public bool SharesMemory => _regions is not null;

    protected TensorLeases Leases { get; } = leases;

    /// <inheritdoc/>
    public abstract void Begin(Func<LinkFrame, bool> send);

    /// <inheritdoc/>
    public abstract bool Accept(TransportFrame frame);

    /// <inheritdoc/>
    public virtual OutgoingPayload Send(TensorFrame frame)
    {
        if (_regions?.Outgoing.IndexOf(frame.Tensor.Memory) is not { } index)
        {
            return _tcp.Send(frame);
        }

        Leases.Hold(frame.Tensor, frame.Round.Step);
        BinaryPrimitives.WriteInt32LittleEndian(_index, index);
        return new(PayloadEncoding.Float32Index, _index, XxHash3.HashToUInt64(_index));
    }

    /// <inheritdoc/>
    public virtual RefCountedBuffer? Receive(long step, FrameHeader header, FrameInput input, BufferPool pool)
    {
        if (header.Encoding != PayloadEncoding.Float32Index)
        {
            return _tcp.Receive(step, header, input, pool);
        }

        Span<byte> bytes = stackalloc byte[sizeof(int)];
        input.ReadIntact(bytes, header, "index");
        int index = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        SharedMemory? region = _regions?.Incoming;
        return region is not null && region.Length == pool.Length && index >= 0 && index < region.Count
            ? new(region.BufferAt(index))
            : throw new FrameException(FrameViolation.UnmappedIndex, $"a frame with index {index} of a region of {region?.Count ?? 0} buffers");
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The peer has mapped the regions: tensors in them are sent by their index from now on.</summary>
    protected void Agree(SharedMemory outgoing, SharedMemory incoming) => _regions = new(outgoing, incoming);

    private sealed record Regions(SharedMemory Outgoing, SharedMemory Incoming);
}
