namespace NnCluster.Link;

/// <summary>
/// Writes, checks and reads the frames of one kind. A new kind is a file with a frame and its codec, and a line in
/// <see cref="FrameCodecs"/>.
/// </summary>
/// <remarks>
/// Not generic, although frames and fields are typed: virtual methods of a generic class over structs are not compiled
/// ahead of time, and every process would compile them on its first frames.
/// </remarks>
/// <param name="kind">Number of the kind on the wire.</param>
/// <param name="frameType">Type of the frames.</param>
/// <param name="sender">The only side that may send the frames; null: both sides may.</param>
internal abstract class FrameCodec(byte kind, Type frameType, LinkSide? sender)
{
    /// <summary>Number of the kind on the wire.</summary>
    public byte Kind { get; } = kind;

    /// <summary>Display name of the kind.</summary>
    public string Name { get; } = frameType.Name.Replace("Frame", "", StringComparison.Ordinal);

    /// <summary>Type of the frames.</summary>
    public Type FrameType { get; } = frameType;

    /// <summary>The only side that may send the frames; null: both sides may.</summary>
    public LinkSide? Sender { get; } = sender;

    /// <summary>Writes the header and gives the payload to write behind it.</summary>
    /// <param name="frame">A frame of <see cref="FrameType"/>; its tensor's reference stays the caller's.</param>
    /// <param name="header">At least <see cref="FrameHeader.Size"/> bytes.</param>
    /// <param name="transport">Encodes the frame's tensor, if it has one.</param>
    public OutgoingPayload Write(LinkFrame frame, Span<byte> header, ITensorTransport transport)
    {
        OutgoingPayload payload = PayloadOf(frame, transport);
        Span<byte> fields = FrameHeader.FieldsOf(header);
        fields.Clear();
        WriteFields(frame, fields);
        FrameHeader.Seal(header, Kind, payload.Encoding, payload.Bytes.Length, payload.Hash);
        return payload;
    }

    /// <summary>Checks fields, encoding and payload length of a header.</summary>
    /// <exception cref="FrameException">One of them is out of its range.</exception>
    public void Check(FrameHeader header)
    {
        if (Validate(header) is { } field)
        {
            throw new FrameException(FrameViolation.Fields, $"a {Name} frame with {field}");
        }

        if (!HasEncoding(header.Encoding))
        {
            throw new FrameException(FrameViolation.Encoding, $"a {Name} frame with payload encoding {(byte)header.Encoding}");
        }

        if (!HasLength(header.Encoding, header.PayloadLength))
        {
            throw new FrameException(FrameViolation.PayloadLength, $"a {Name} frame with a payload of {header.PayloadLength} bytes");
        }
    }

    /// <summary>Reads the payload behind a checked header.</summary>
    /// <returns>The frame, with one reference to its tensor, if it has one.</returns>
    /// <exception cref="FrameException">The payload is damaged, or is no tensor of this run.</exception>
    /// <exception cref="EndOfStreamException">The stream ended within the payload.</exception>
    public abstract LinkFrame Read(FrameHeader header, FrameInput input, LinkPools pools, ITensorTransport transport);

    /// <summary>Writes the kind's own fields.</summary>
    /// <param name="frame">A frame of <see cref="FrameType"/>.</param>
    /// <param name="fields"><see cref="FrameHeader.FieldBytes"/> zeros.</param>
    protected abstract void WriteFields(LinkFrame frame, Span<byte> fields);

    /// <returns>Null if every field of the header is in its range; otherwise the field that is not, with its value.</returns>
    protected abstract string? Validate(FrameHeader header);

    /// <summary>The payload of a frame of <see cref="FrameType"/>.</summary>
    protected abstract OutgoingPayload PayloadOf(LinkFrame frame, ITensorTransport transport);

    /// <summary>Whether the kind has payloads of this encoding.</summary>
    protected abstract bool HasEncoding(PayloadEncoding encoding);

    /// <summary>Whether the kind has payloads of this length in one of its encodings.</summary>
    protected abstract bool HasLength(PayloadEncoding encoding, int length);
}

/// <summary>A payload to be written, valid until the next frame is written.</summary>
internal readonly ref struct OutgoingPayload(PayloadEncoding encoding, ReadOnlySpan<byte> bytes, ulong hash)
{
    public PayloadEncoding Encoding { get; } = encoding;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>XxHash3 of <see cref="Bytes"/>.</summary>
    public ulong Hash { get; } = hash;
}
