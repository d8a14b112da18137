namespace NnCluster.Link;

/// <summary>
/// Reads frames, one after the other. A frame that this side may not get ends in a <see cref="FrameException"/> before
/// a buffer is rented or bytes are allocated for it. Used by one thread.
/// </summary>
/// <param name="input">Bytes received.</param>
/// <param name="side">The side that reads.</param>
/// <param name="pools">Buffers for tensors.</param>
/// <param name="transport">Receives tensors.</param>
internal sealed class FrameReader(FrameInput input, LinkSide side, LinkPools pools, ITensorTransport transport)
{
    private readonly byte[] _header = new byte[FrameHeader.Size];

    /// <summary>Reads the next frame.</summary>
    /// <returns>Null if the stream ended before it.</returns>
    /// <exception cref="FrameException">The bytes are no frame that this side may get.</exception>
    /// <exception cref="EndOfStreamException">The stream ended within the frame.</exception>
    public LinkFrame? Read()
    {
        if (!input.TryReadHeader(_header))
        {
            return null;
        }

        FrameHeader header = FrameHeader.Read(_header);
        FrameCodec codec = FrameCodecs.Of(header);
        codec.Check(header);
        if (codec.Sender == side)
        {
            LinkSide peer = side == LinkSide.Coordinator ? LinkSide.Worker : LinkSide.Coordinator;
            throw new FrameException(FrameViolation.WrongSender, $"a {codec.Name} frame came from the {peer}");
        }

        input.Expect(header.PayloadLength);
        return codec.Read(header, input, pools, transport);
    }
}
