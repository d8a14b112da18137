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
    private static readonly FrameHeader Sample = new(FrameKind.SubtreeSum, 3, 77, RoundKind.Validation, 5, 0, 4096, 0x0123456789ABCDEF);

    [Fact]
    public void A_header_survives_the_wire() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Int[0, 2], Gen.Int[0, 1000], Gen.Int[1, 1000], Gen.Int[0, 1 << 28], Gen.ULong)
            .Sample((term, step, round, first, count, floats, hash) =>
            {
                var header = new FrameHeader(FrameKind.Weights, term, step, (RoundKind)round, first, count, floats * 4, hash);
                byte[] bytes = Written(header);
                Assert.Null(FrameHeader.Read(bytes, out FrameHeader read));
                Assert.Equal(header, read);
            });

    [Fact]
    public void Floats_that_stay_where_they_are_are_told_from_those_that_follow()
    {
        FrameHeader header = Sample with { IsPlace = true, PayloadLength = 4 };
        Assert.Null(FrameHeader.Read(Written(header), out FrameHeader read));
        Assert.Equal(header, read);
        Assert.Null(FrameHeader.Read(Written(Sample), out read));
        Assert.False(read.IsPlace);
    }

    [Fact]
    public void Random_bytes_are_no_header() =>
        Gen.Byte.Array[FrameHeader.Size].Sample(bytes => Assert.NotNull(FrameHeader.Read(bytes, out _)));

    [Fact]
    public void Every_flipped_bit_is_noticed()
    {
        for (int bit = 0; bit < FrameHeader.Size * 8; bit++)
        {
            byte[] bytes = Written(Sample);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(FrameHeader.Read(bytes, out _));
        }
    }

    [Theory]
    [InlineData(0, "unknown kind")]
    [InlineData(13, "unknown kind")]
    [InlineData(200, "unknown kind")]
    public void Unknown_kinds_are_refused(byte kind, string reason) =>
        Assert.Contains(reason, FrameHeader.Read(Written(Sample with { Kind = (FrameKind)kind }), out _));

    public static TheoryData<FrameHeader> Nonsense => new()
    {
        Sample with { PayloadLength = -4 },
        Sample with { PayloadLength = 6 },
        Sample with { Term = -1 },
        Sample with { Step = long.MinValue },
        Sample with { IsPlace = true },
        Sample with { IsPlace = true, PayloadLength = 8 },
        Sample with { IsPlace = true, PayloadLength = 0, Kind = FrameKind.Compute, First = 0, Count = 1 },
        Sample with { First = 0 },
        Sample with { First = int.MaxValue },
        Sample with { Count = -1 },
        Sample with { Round = (RoundKind)3 },
        Sample with { Kind = FrameKind.Weights, First = 0, Count = 0 },
        Sample with { Kind = FrameKind.Weights, First = int.MaxValue, Count = int.MaxValue },
        Sample with { Kind = FrameKind.Weights, First = -1, Count = 1 },
        Sample with { Kind = FrameKind.Compute, First = 0, Count = 1, PayloadLength = 4 },
        Sample with { Kind = FrameKind.Failed, First = 0, Count = 1, PayloadLength = FrameHeader.MaxBytes + 1 },
        Sample with { Kind = FrameKind.Goodbye, First = 0, PayloadLength = int.MaxValue },
        Sample with { Kind = FrameKind.DatasetRequest, First = FrameHeader.MaxBytes + 1, PayloadLength = 0 },
        Sample with { Kind = FrameKind.DatasetChunk, First = 0, PayloadLength = FrameHeader.MaxBytes + 1 },
        Sample with { Kind = FrameKind.Ready, First = 0, PayloadLength = 1 },
        Sample with { Kind = FrameKind.Memory, First = 0, PayloadLength = 55 },
        Sample with { Kind = FrameKind.MemoryFound, First = 0, PayloadLength = 56 },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Numbers_that_no_frame_has_are_refused(FrameHeader header) => Assert.NotNull(FrameHeader.Read(Written(header), out _));

    private static byte[] Written(FrameHeader header)
    {
        byte[] bytes = new byte[FrameHeader.Size];
        header.Write(bytes);
        return bytes;
    }
}
