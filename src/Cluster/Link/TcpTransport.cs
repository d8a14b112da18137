using System.Runtime.InteropServices;
using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>Sends the floats themselves. Received floats go into a buffer that is rented once their number is checked.</summary>
internal sealed class TcpTransport : ITensorTransport
{
    /// <inheritdoc/>
    public bool SharesMemory => false;

    /// <inheritdoc/>
    public void Begin(Func<LinkFrame, bool> send)
    {
    }

    /// <inheritdoc/>
    public bool Accept(TransportFrame frame) => false;

    /// <inheritdoc/>
    public OutgoingPayload Send(TensorFrame frame)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(frame.Tensor.Span);
        return new(PayloadEncoding.Float32, bytes, frame.ContentHash?.Value ?? TensorHash.Of(frame.Tensor));
    }

    /// <inheritdoc/>
    public RefCountedBuffer? Receive(long step, FrameHeader header, FrameInput input, BufferPool pool)
    {
        if (header.Encoding != PayloadEncoding.Float32)
        {
            throw new FrameException(FrameViolation.UnmappedIndex, "a frame with an index of shared memory, and none is mapped");
        }

        if (header.PayloadLength != (long)pool.Length * sizeof(float))
        {
            throw new FrameException(FrameViolation.TensorLength, $"a tensor of {header.PayloadLength / sizeof(float)} floats, those of this run have {pool.Length}");
        }

        RefCountedBuffer tensor = pool.Rent();
        bool isIntact = false;
        try
        {
            isIntact = input.TryRead(MemoryMarshal.AsBytes(tensor.Span), header);
            return isIntact ? tensor : null;
        }
        finally
        {
            if (!isIntact)
            {
                tensor.Release();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
