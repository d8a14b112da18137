using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>The coordinator exports two regions of shared memory; a node that maps both answers <see cref="RegionsMappedFrame"/>.</summary>
/// <param name="Weights">Region of model states, for the node to read.</param>
/// <param name="Sums">Region of sums of gradients, for the node to write.</param>
internal sealed record RegionsExportedFrame(SharedMemoryName Weights, SharedMemoryName Sums) : TransportFrame;

/// <summary>The node has mapped the regions of a <see cref="RegionsExportedFrame"/>.</summary>
internal sealed record RegionsMappedFrame : TransportFrame;

/// <summary>Codec of <see cref="RegionsExportedFrame"/>; the payload is the two names.</summary>
internal sealed class RegionsExportedCodec(byte kind) : BytesFrameCodec(
    kind, typeof(RegionsExportedFrame), LinkSide.Coordinator, maxPayload: 2 * SharedMemoryName.Size, minPayload: 2 * SharedMemoryName.Size)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
    }

    protected override string? Validate(FrameHeader header) => header.Fields<NoFields>().Validate();

    protected override ReadOnlySpan<byte> BytesOf(LinkFrame frame)
    {
        var exported = (RegionsExportedFrame)frame;
        byte[] bytes = new byte[2 * SharedMemoryName.Size];
        exported.Weights.Write(bytes);
        exported.Sums.Write(bytes.AsSpan(SharedMemoryName.Size));
        return bytes;
    }

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload) =>
        new RegionsExportedFrame(SharedMemoryName.Read(payload), SharedMemoryName.Read(payload.AsSpan(SharedMemoryName.Size)));
}
