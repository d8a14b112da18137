using System.IO.Hashing;
using System.Text;

namespace NnCluster.Link;

/// <summary>A codec of frames with a payload of bytes, or with none.</summary>
/// <param name="kind">Number of the kind.</param>
/// <param name="frameType">Type of the frames.</param>
/// <param name="sender">The only side that may send the frames; null: both sides may.</param>
/// <param name="maxPayload">Most bytes of a payload.</param>
/// <param name="minPayload">Fewest bytes of a payload.</param>
internal abstract class BytesFrameCodec(byte kind, Type frameType, LinkSide? sender, int maxPayload = 0, int minPayload = 0)
    : FrameCodec(kind, frameType, sender)
{
    /// <summary>Most bytes of a text on the wire.</summary>
    protected const int MaxText = 1 << 20;

    /// <inheritdoc/>
    public override LinkFrame Read(FrameHeader header, FrameInput input, LinkPools pools, ITensorTransport transport)
    {
        byte[] payload = header.PayloadLength == 0 ? [] : GC.AllocateUninitializedArray<byte>(header.PayloadLength);
        input.ReadIntact(payload, header, Name);
        return FrameOf(header, payload);
    }

    /// <summary>The payload's bytes.</summary>
    protected virtual ReadOnlySpan<byte> BytesOf(LinkFrame frame) => [];

    /// <summary>The frame of a checked header and its payload.</summary>
    protected abstract LinkFrame FrameOf(FrameHeader header, byte[] payload);

    /// <inheritdoc/>
    protected override OutgoingPayload PayloadOf(LinkFrame frame, ITensorTransport transport)
    {
        ReadOnlySpan<byte> bytes = BytesOf(frame);
        return new(PayloadEncoding.Bytes, bytes, XxHash3.HashToUInt64(bytes));
    }

    /// <inheritdoc/>
    protected override bool HasEncoding(PayloadEncoding encoding) => encoding == PayloadEncoding.Bytes;

    /// <inheritdoc/>
    protected override bool HasLength(PayloadEncoding encoding, int length) => length >= minPayload && length <= maxPayload;

    /// <summary>UTF-8 of a text, cut off after <see cref="MaxText"/> bytes.</summary>
    protected static ReadOnlySpan<byte> Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.AsSpan(0, Math.Min(bytes.Length, MaxText));
    }
}

/// <summary>A codec of frames without fields and payload.</summary>
/// <param name="kind">Number of the kind.</param>
/// <param name="frame">The frame that is received.</param>
/// <param name="sender">The only side that may send the frames; null: both sides may.</param>
internal sealed class EmptyFrameCodec(byte kind, LinkFrame frame, LinkSide? sender) : BytesFrameCodec(kind, frame.GetType(), sender)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
    }

    protected override string? Validate(FrameHeader header) => header.Fields<NoFields>().Validate();

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload) => frame;
}
