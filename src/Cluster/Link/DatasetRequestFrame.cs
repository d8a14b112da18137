using System.Runtime.InteropServices;

namespace NnCluster.Link;

/// <summary>Asks for a chunk of the data set; the node paces the transfer.</summary>
/// <param name="Offset">Bytes before the chunk.</param>
/// <param name="Length">1 to <see cref="DatasetChunkFrame.MaxBytes"/> bytes.</param>
internal sealed record DatasetRequestFrame(long Offset, int Length) : LinkFrame;

/// <summary>Codec of <see cref="DatasetRequestFrame"/>.</summary>
internal sealed class DatasetRequestCodec(byte kind) : BytesFrameCodec(kind, typeof(DatasetRequestFrame), LinkSide.Worker)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
        var request = (DatasetRequestFrame)frame;
        fields.Put(new RequestFields(request.Offset, request.Length));
    }

    protected override string? Validate(FrameHeader header) => header.Fields<RequestFields>().Validate();

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload)
    {
        RequestFields fields = header.Fields<RequestFields>();
        return new DatasetRequestFrame(fields.Offset, fields.Length);
    }

    /// <summary>Fields of the header: 12 bytes.</summary>
    /// <param name="Offset">Bytes before the chunk, at least 0.</param>
    /// <param name="Length">1 to <see cref="DatasetChunkFrame.MaxBytes"/> bytes.</param>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly record struct RequestFields(long Offset, int Length)
    {
        /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
        public string? Validate() =>
            Offset < 0 || Length is < 1 or > DatasetChunkFrame.MaxBytes ? $"{Length} bytes from {Offset} on" : null;
    }
}
