using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>Assigns further shards to a node, to be computed from the model state that it was sent last.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
/// <param name="Round">Round of the shards.</param>
/// <param name="Shards">The shards.</param>
internal sealed record ComputeFrame(long Term, RoundId Round, ShardRange Shards) : LinkFrame;

/// <summary>Codec of <see cref="ComputeFrame"/>.</summary>
internal sealed class ComputeCodec(byte kind) : BytesFrameCodec(kind, typeof(ComputeFrame), LinkSide.Coordinator)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
        var compute = (ComputeFrame)frame;
        fields.Put(new AssignmentFields(compute.Term, compute.Round, compute.Shards));
    }

    protected override string? Validate(FrameHeader header) => header.Fields<AssignmentFields>().Validate();

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload)
    {
        AssignmentFields fields = header.Fields<AssignmentFields>();
        return new ComputeFrame(fields.Term, fields.Round, fields.Shards);
    }
}
