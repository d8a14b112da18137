using System.Runtime.InteropServices;

namespace NnCluster.Link;

/// <summary>A chunk of the data set.</summary>
/// <param name="Offset">Bytes before the chunk.</param>
/// <param name="Bytes">At most <see cref="MaxBytes"/> bytes, which are never written again.</param>
internal sealed record DatasetChunkFrame(long Offset, ReadOnlyMemory<byte> Bytes) : LinkFrame
{
    /// <summary>Most bytes of a chunk.</summary>
    public const int MaxBytes = 1 << 20;
}

/// <summary>Codec of <see cref="DatasetChunkFrame"/>; the payload is the chunk.</summary>
internal sealed class DatasetChunkCodec(byte kind)
    : BytesFrameCodec(kind, typeof(DatasetChunkFrame), LinkSide.Coordinator, DatasetChunkFrame.MaxBytes)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields) => fields.Put(new ChunkFields(((DatasetChunkFrame)frame).Offset));

    protected override string? Validate(FrameHeader header) => header.Fields<ChunkFields>().Validate();

    protected override ReadOnlySpan<byte> BytesOf(LinkFrame frame) => ((DatasetChunkFrame)frame).Bytes.Span;

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload) => new DatasetChunkFrame(header.Fields<ChunkFields>().Offset, payload);

    /// <summary>Fields of the header: 8 bytes.</summary>
    /// <param name="Offset">Bytes before the chunk, at least 0.</param>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly record struct ChunkFields(long Offset)
    {
        /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
        public string? Validate() => Offset < 0 ? $"offset {Offset}" : null;
    }
}
