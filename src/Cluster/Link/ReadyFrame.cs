using System.Runtime.InteropServices;

namespace NnCluster.Link;

/// <summary>The node has the data set and the network of the run and waits for assignments.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
internal sealed record ReadyFrame(long Term) : LinkFrame;

/// <summary>Codec of <see cref="ReadyFrame"/>.</summary>
internal sealed class ReadyCodec(byte kind) : BytesFrameCodec(kind, typeof(ReadyFrame), LinkSide.Worker)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields) => fields.Put(new ReadyFields(((ReadyFrame)frame).Term));

    protected override string? Validate(FrameHeader header) => header.Fields<ReadyFields>().Validate();

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload) => new ReadyFrame(header.Fields<ReadyFields>().Term);

    /// <summary>Fields of the header: 8 bytes.</summary>
    /// <param name="Term">Fencing number of the coordinator's incarnation, at least 0.</param>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly record struct ReadyFields(long Term)
    {
        /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
        public string? Validate() => Term < 0 ? $"term {Term}" : null;
    }
}
