using System.Runtime.InteropServices;
using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>The partial sum over all shards of one subtree.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
/// <param name="Round">Round of the shards.</param>
/// <param name="Node">The subtree.</param>
/// <param name="Sum">Its partial sum: gradients, or evaluation metrics.</param>
internal sealed record SubtreeSumFrame(long Term, RoundId Round, SubtreeId Subtree, RefCountedBuffer Sum) : TensorFrame(Term, Round)
{
    /// <summary>Time that the node computed on the sum, waiting excluded; sent in whole microseconds, at most 35 minutes.</summary>
    public TimeSpan Computing { get; init; }

    internal override RefCountedBuffer Tensor => Sum;
}

/// <summary>A partial sum whose bytes do not match their hash. Only ever received; the link closes behind it.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
/// <param name="Round">Round of the shards.</param>
/// <param name="Node">The subtree.</param>
internal sealed record DamagedSumFrame(long Term, RoundId Round, SubtreeId Subtree) : LinkFrame;

/// <summary>Codec of <see cref="SubtreeSumFrame"/>. A damaged sum is read as a <see cref="DamagedSumFrame"/>.</summary>
internal sealed class NodeSumCodec(byte kind) : TensorFrameCodec(kind, typeof(SubtreeSumFrame), LinkSide.Worker)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields)
    {
        var sum = (SubtreeSumFrame)frame;
        int microseconds = (int)Math.Clamp(sum.Computing.TotalMicroseconds, 0, int.MaxValue);
        fields.Put(new SumFields(sum.Term, sum.Round, sum.Subtree.Value, microseconds));
    }

    protected override string? Validate(FrameHeader header) => header.Fields<SumFields>().Validate();

    protected override BufferPool? PoolOf(LinkPools pools, FrameHeader header) =>
        header.Fields<SumFields>().Round.Kind == RoundKind.Gradient ? pools.Gradients : pools.Evaluations;

    protected override long StepOf(FrameHeader header) => header.Fields<SumFields>().Round.Step;

    protected override TensorFrame FrameOf(FrameHeader header, RefCountedBuffer tensor)
    {
        SumFields fields = header.Fields<SumFields>();
        return new SubtreeSumFrame(fields.Term, fields.Round, new(fields.Subtree), tensor)
        {
            Computing = TimeSpan.FromMicroseconds(fields.ComputeMicroseconds),
        };
    }

    protected override LinkFrame Damaged(FrameHeader header)
    {
        SumFields fields = header.Fields<SumFields>();
        return new DamagedSumFrame(fields.Term, fields.Round, new(fields.Subtree));
    }

    /// <summary>Fields of the header: 28 bytes.</summary>
    /// <param name="Term">Fencing number of the coordinator's incarnation, at least 0.</param>
    /// <param name="Round">Round of the shards.</param>
    /// <param name="Subtree">Position in the reduction tree, at least 1.</param>
    /// <param name="ComputeMicroseconds">Time that the node computed on the sum, at least 0.</param>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly record struct SumFields(long Term, RoundFields Round, int Subtree, int ComputeMicroseconds)
    {
        /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
        public string? Validate() =>
            Term < 0 ? $"term {Term}"
            : Subtree is < 1 or >= 2 * ShardFields.MaxShards ? $"subtree {Subtree}"
            : ComputeMicroseconds < 0 ? $"a compute time of {ComputeMicroseconds} us"
            : Round.Validate();
    }
}
