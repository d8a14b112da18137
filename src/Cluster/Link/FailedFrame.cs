using System.Text;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>A node could not compute these shards and continues with the next assignment.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
/// <param name="Round">Round of the shards.</param>
/// <param name="Shards">The shards.</param>
/// <param name="Error">The error; its first MiB is sent.</param>
internal sealed record FailedFrame(long Term, RoundId Round, ShardRange Shards, string Error) : LinkFrame;

/// <summary>Codec of <see cref="FailedFrame"/>; the payload is the error in UTF-8.</summary>
internal sealed class FailedCodec(byte kind) : BytesFrameCodec(kind, typeof(FailedFrame), LinkSide.Worker, MaxText)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
        var failed = (FailedFrame)frame;
        fields.Put(new AssignmentFields(failed.Term, failed.Round, failed.Shards));
    }

    protected override string? Validate(FrameHeader header) => header.Fields<AssignmentFields>().Validate();

    protected override ReadOnlySpan<byte> BytesOf(LinkFrame frame) => Text(((FailedFrame)frame).Error);

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload)
    {
        AssignmentFields fields = header.Fields<AssignmentFields>();
        return new FailedFrame(fields.Term, fields.Round, fields.Shards, Encoding.UTF8.GetString(payload));
    }
}
