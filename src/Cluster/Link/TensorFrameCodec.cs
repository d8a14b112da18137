using System.Diagnostics;
using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>A codec of frames with one tensor, which a transport carries.</summary>
/// <param name="kind">Number of the kind.</param>
/// <param name="frameType">Type of the frames, a <see cref="TensorFrame"/>.</param>
/// <param name="sender">The side that may send the frames.</param>
internal abstract class TensorFrameCodec(byte kind, Type frameType, LinkSide sender) : FrameCodec(kind, frameType, sender)
{
    /// <inheritdoc/>
    public override LinkFrame Read(FrameHeader header, FrameInput input, LinkPools pools, ITensorTransport transport)
    {
        BufferPool pool = PoolOf(pools, header)
            ?? throw new FrameException(FrameViolation.NoPool, $"a {Name} frame came for which this side has no buffers");
        long started = Stopwatch.GetTimestamp();
        if (transport.Receive(StepOf(header), header, input, pool) is not { } tensor)
        {
            return Damaged(header);
        }

        TensorFrame frame = FrameOf(header, tensor);
        frame.ReceiveTime = Stopwatch.GetElapsedTime(started);
        return frame;
    }

    /// <summary>The pool that the tensor belongs to.</summary>
    protected abstract BufferPool? PoolOf(LinkPools pools, FrameHeader header);

    /// <summary>The round's step.</summary>
    protected abstract long StepOf(FrameHeader header);

    /// <summary>The frame; the reference to its tensor passes to it.</summary>
    protected abstract TensorFrame FrameOf(FrameHeader header, RefCountedBuffer tensor);

    /// <summary>The frame in place of one whose floats do not match their hash.</summary>
    /// <exception cref="FrameException">There is none.</exception>
    protected abstract LinkFrame Damaged(FrameHeader header);

    /// <inheritdoc/>
    protected override OutgoingPayload PayloadOf(LinkFrame frame, ITensorTransport transport) => transport.Send((TensorFrame)frame);

    /// <inheritdoc/>
    protected override bool HasEncoding(PayloadEncoding encoding) => encoding is PayloadEncoding.Float32 or PayloadEncoding.Float32Index;

    /// <inheritdoc/>
    protected override bool HasLength(PayloadEncoding encoding, int length) =>
        encoding == PayloadEncoding.Float32Index ? length == sizeof(int) : length >= 0 && length % sizeof(float) == 0;
}
