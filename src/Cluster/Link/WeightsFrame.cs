using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>Assigns shards to a node, with the model state to compute them from; earlier model states are obsolete.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
/// <param name="Round">Round of the shards.</param>
/// <param name="Shards">The shards.</param>
/// <param name="Weights">Model state after <c>Round.Step</c> optimizer steps.</param>
internal sealed record WeightsFrame(long Term, RoundId Round, ShardRange Shards, RefCountedBuffer Weights) : TensorFrame(Term, Round)
{
    /// <summary>
    /// XxHash3 of <see cref="Weights"/>, computed once for all links that send them, by the first that needs it; null: the
    /// link computes its own.
    /// </summary>
    public Lazy<ulong>? Hash { get; init; }

    internal override RefCountedBuffer Tensor => Weights;

    internal override Lazy<ulong>? ContentHash => Hash;
}

/// <summary>Codec of <see cref="WeightsFrame"/>. Damaged weights end the link.</summary>
internal sealed class WeightsCodec(byte kind) : TensorFrameCodec(kind, typeof(WeightsFrame), LinkSide.Coordinator)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
        var weights = (WeightsFrame)frame;
        fields.Put(new AssignmentFields(weights.Term, weights.Round, weights.Shards));
    }

    protected override string? Validate(FrameHeader header) => header.Fields<AssignmentFields>().Validate();

    protected override BufferPool? PoolOf(LinkPools pools, FrameHeader header) => pools.Weights;

    protected override long StepOf(FrameHeader header) => header.Fields<AssignmentFields>().Round.Step;

    protected override TensorFrame FrameOf(FrameHeader header, RefCountedBuffer tensor)
    {
        AssignmentFields fields = header.Fields<AssignmentFields>();
        return new WeightsFrame(fields.Term, fields.Round, fields.Shards, tensor);
    }

    protected override LinkFrame Damaged(FrameHeader header) =>
        throw new FrameException(FrameViolation.DamagedPayload, "the weights were damaged on the way (their hash does not match)");
}
