using CsCheck;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Cluster.Tests.Link;

public sealed class FrameHeaderTests
{
    private static readonly NodeSumCodec.SumFields Sum = new(3, new(77, RoundKind.Validation), 5, 0);
    private static readonly AssignmentFields Assignment = new(3, new(77, RoundKind.Validation), new(0, 1));

    [Fact]
    public void A_header_survives_the_wire() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Int[0, 2], Gen.Int[0, 1000], Gen.Int[1, 1000], Gen.Int[0, 1 << 28], Gen.ULong)
            .Sample((term, step, round, first, count, floats, hash) =>
            {
                byte kind = RawFrame.KindOf<WeightsFrame>();
                var fields = new AssignmentFields(term, new(step, (RoundKind)round), new(first, count));
                FrameHeader read = Checked(RawFrame.Header(kind, fields, floats * 4, PayloadEncoding.Float32, hash));
                Assert.Equal(fields, read.Fields<AssignmentFields>());
                Assert.Equal((kind, PayloadEncoding.Float32, floats * 4, hash), (read.Kind, read.Encoding, read.PayloadLength, read.PayloadHash));
            });

    [Fact]
    public void An_index_of_shared_memory_is_told_from_floats()
    {
        Assert.Equal(PayloadEncoding.Float32Index, Checked(RawFrame.Header<SubtreeSumFrame, NodeSumCodec.SumFields>(Sum, 4, PayloadEncoding.Float32Index)).Encoding);
        Assert.Equal(PayloadEncoding.Float32, Checked(RawFrame.Header<SubtreeSumFrame, NodeSumCodec.SumFields>(Sum, 4, PayloadEncoding.Float32)).Encoding);
    }

    [Fact]
    public void Random_bytes_are_no_header() =>
        Gen.Byte.Array[FrameHeader.Size].Sample(bytes => Assert.NotNull(Violation(bytes)));

    [Fact]
    public void Every_flipped_bit_is_noticed()
    {
        for (int bit = 0; bit < FrameHeader.Size * 8; bit++)
        {
            byte[] bytes = RawFrame.Header<SubtreeSumFrame, NodeSumCodec.SumFields>(Sum, 4096, PayloadEncoding.Float32);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(Violation(bytes));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    [InlineData(200)]
    public void Unknown_kinds_are_refused(byte kind) =>
        Assert.Equal(FrameViolation.UnknownKind, Violation(RawFrame.Header(kind, Sum)));

    [Fact]
    public void Every_kind_has_a_number_a_frame_and_fields_that_fit()
    {
        Assert.Equal(Enumerable.Range(1, FrameCodecs.All.Length), FrameCodecs.All.Select(codec => (int)codec.Kind));
        Type[] sendable =
        [
            .. typeof(LinkFrame).Assembly.GetTypes()
                .Where(type => type.IsSubclassOf(typeof(LinkFrame)) && !type.IsAbstract && type != typeof(DamagedSumFrame)),
        ];
        Assert.Equal(sendable.ToHashSet(), FrameCodecs.All.Select(codec => codec.FrameType).ToHashSet());
    }

    public static TheoryData<string, byte[]> Nonsense => new()
    {
        { nameof(FrameViolation.PayloadLength), SumHeader(Sum, -4) },
        { nameof(FrameViolation.PayloadLength), SumHeader(Sum, 6) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { Term = -1 }) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { Round = new(long.MinValue, RoundKind.Test) }) },
        { nameof(FrameViolation.PayloadLength), SumHeader(Sum, 4096, PayloadEncoding.Float32Index) },
        { nameof(FrameViolation.PayloadLength), SumHeader(Sum, 8, PayloadEncoding.Float32Index) },
        { nameof(FrameViolation.Encoding), RawFrame.Header<ComputeFrame, AssignmentFields>(Assignment, 0, PayloadEncoding.Float32Index) },
        { nameof(FrameViolation.Encoding), SumHeader(Sum, 4096, PayloadEncoding.Bytes) },
        { nameof(FrameViolation.Encoding), SumHeader(Sum, 4096, (PayloadEncoding)3) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { Subtree = 0 }) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { Subtree = int.MaxValue }) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { ComputeMicroseconds = -1 }) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { Round = new(1, (RoundKind)3) }) },
        { nameof(FrameViolation.Fields), SumHeader(Sum with { Round = new(1, (RoundKind)(-1)) }) },
        { nameof(FrameViolation.Fields), WeightsHeader(new(0, 0)) },
        { nameof(FrameViolation.Fields), WeightsHeader(new(int.MaxValue, int.MaxValue)) },
        { nameof(FrameViolation.Fields), WeightsHeader(new(-1, 1)) },
        { nameof(FrameViolation.Fields), WeightsHeader(new(0, int.MinValue)) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<ComputeFrame, AssignmentFields>(Assignment, 4) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<FailedFrame, AssignmentFields>(Assignment, (1 << 20) + 1) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<GoodbyeFrame, GoodbyeCodec.GoodbyeFields>(new(GoodbyeKind.Later), int.MaxValue) },
        { nameof(FrameViolation.Fields), RawFrame.Header<GoodbyeFrame, GoodbyeCodec.GoodbyeFields>(new((GoodbyeKind)3)) },
        { nameof(FrameViolation.Fields), RawFrame.Header<DatasetRequestFrame, DatasetRequestCodec.RequestFields>(new(0, DatasetChunkFrame.MaxBytes + 1)) },
        { nameof(FrameViolation.Fields), RawFrame.Header<DatasetRequestFrame, DatasetRequestCodec.RequestFields>(new(-1, 1)) },
        { nameof(FrameViolation.Fields), RawFrame.Header<DatasetChunkFrame, DatasetChunkCodec.ChunkFields>(new(-1)) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<DatasetChunkFrame, DatasetChunkCodec.ChunkFields>(new(0), DatasetChunkFrame.MaxBytes + 1) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<ReadyFrame, ReadyCodec.ReadyFields>(new(3), 1) },
        { nameof(FrameViolation.Fields), RawFrame.Header<ReadyFrame, AssignmentFields>(Assignment) },
        { nameof(FrameViolation.Fields), RawFrame.Header<PingFrame, NoFields>(new(1)) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<RegionsExportedFrame, NoFields>(default, 55) },
        { nameof(FrameViolation.PayloadLength), RawFrame.Header<RegionsMappedFrame, NoFields>(default, 56) },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Fields_encodings_and_lengths_that_no_frame_has_are_refused(string violation, byte[] header) =>
        Assert.Equal(violation, Violation(header).ToString());

    private static byte[] SumHeader(NodeSumCodec.SumFields fields, int length = 4096, PayloadEncoding encoding = PayloadEncoding.Float32) =>
        RawFrame.Header<SubtreeSumFrame, NodeSumCodec.SumFields>(fields, length, encoding);

    private static byte[] WeightsHeader(ShardFields shards) =>
        RawFrame.Header<WeightsFrame, AssignmentFields>(Assignment with { Shards = shards }, 4096, PayloadEncoding.Float32);

    private static FrameHeader Checked(byte[] bytes)
    {
        FrameHeader header = FrameHeader.Read(bytes);
        FrameCodecs.Of(header).Check(header);
        return header;
    }

    private static FrameViolation? Violation(byte[] bytes)
    {
        try
        {
            Checked(bytes);
            return null;
        }
        catch (FrameException e)
        {
            return e.Violation;
        }
    }
}
