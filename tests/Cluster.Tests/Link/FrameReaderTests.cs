using CsCheck;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Cluster.Tests.Link;

public sealed class FrameReaderTests : IDisposable
{
    private static readonly LinkOptions Options = new();
    private static readonly RoundId Round = new(9, RoundKind.Gradient);
    private readonly BufferPool _weights = new(6);
    private readonly BufferPool _gradients = new(8);
    private readonly BufferPool _evaluations = new(4);

    [Fact]
    public void Every_kind_of_frame_a_worker_gets_is_read_as_it_was_written()
    {
        byte[] piece = [1, 2, 3];
        LinkFrame[] frames =
        [
            new ComputeFrame(1, Round, new(2, 3)),
            new PingFrame(),
            new PongFrame(),
            new GoodbyeFrame("the run is over: 98 % reached ✓", GoodbyeKind.RunOver),
            new GoodbyeFrame("three errors in a row", GoodbyeKind.Refused),
            new RegionsExportedFrame(new(1, 2, 3, Guid.NewGuid()), new(int.MaxValue, 0, 1, Guid.NewGuid())),
        ];
        Assert.Equal(frames, ReadAll(LinkSide.Worker, Written(frames)));

        var weights = Assert.IsType<WeightsFrame>(ReadAll(LinkSide.Worker, Written(new WeightsFrame(7, Round, new(0, 4), _weights.RentFilled(1)))).Single());
        Assert.Equal((7, Round, new ShardRange(0, 4)), (weights.Term, weights.Round, weights.Shards));
        Assert.Equal(Pools.Values(_weights, 1), weights.Weights.Span.ToArray());
        weights.Weights.Release();

        var chunk = Assert.IsType<DatasetChunkFrame>(ReadAll(LinkSide.Worker, Written(new DatasetChunkFrame(100, piece))).Single());
        Assert.Equal(100, chunk.Offset);
        Assert.Equal(piece, chunk.Bytes.ToArray());
    }

    [Fact]
    public void Every_kind_of_frame_a_coordinator_gets_is_read_as_it_was_written()
    {
        LinkFrame[] frames =
        [
            new FailedFrame(1, Round, new(2, 3), "out of memory"),
            new DatasetRequestFrame(1L << 40, DatasetChunkFrame.MaxBytes),
            new ReadyFrame(4),
            new RegionsMappedFrame(),
        ];
        Assert.Equal(frames, ReadAll(LinkSide.Coordinator, Written(frames)));

        var sum = Assert.IsType<SubtreeSumFrame>(ReadAll(LinkSide.Coordinator, Written(Sum(3))).Single());
        Assert.Equal((2, Round, new SubtreeId(3), TimeSpan.FromMicroseconds(5)), (sum.Term, sum.Round, sum.Subtree, sum.Computing));
        Assert.Equal(Pools.Values(_gradients, 3), sum.Sum.Span.ToArray());
        sum.Sum.Release();
    }

    [Fact]
    public void A_frame_cut_short_at_any_byte_ends_as_a_broken_stream_and_keeps_no_buffer()
    {
        byte[] whole = Written(Sum(1));
        Assert.Empty(ReadAll(LinkSide.Coordinator, []));
        for (int length = 1; length < whole.Length; length++)
        {
            Assert.Throws<EndOfStreamException>(() => ReadAll(LinkSide.Coordinator, whole[..length]));
            _gradients.AssertAllReturned();
        }
    }

    [Fact]
    public void Any_flipped_bit_of_a_sum_is_refused_or_reported_as_damage()
    {
        byte[] whole = Written(Sum(1));
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] bytes = [.. whole];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            if (bit < FrameHeader.Size * 8)
            {
                Assert.Throws<FrameException>(() => ReadAll(LinkSide.Coordinator, bytes));
            }
            else
            {
                Assert.Equal(new DamagedSumFrame(2, Round, new SubtreeId(3)), ReadAll(LinkSide.Coordinator, bytes).Single());
            }
        }

        _gradients.AssertAllReturned();
    }

    [Fact]
    public void Damaged_weights_and_damaged_text_are_refused()
    {
        byte[] weights = Written(new WeightsFrame(7, Round, new(0, 4), _weights.RentFilled(1)));
        weights[^1] ^= 1;
        AssertRefused(FrameViolation.DamagedPayload, () => ReadAll(LinkSide.Worker, weights));
        byte[] text = Written(new GoodbyeFrame("so long"));
        text[^1] ^= 1;
        AssertRefused(FrameViolation.DamagedPayload, () => ReadAll(LinkSide.Worker, text));
        _weights.AssertAllReturned();
    }

    [Fact]
    public void Random_bytes_and_random_damage_end_in_a_refusal_without_a_buffer_lost() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 300], Gen.Byte).Sample(
            (noise, at, with) =>
            {
                byte[] bytes = [.. Written(Sum(1)), .. noise, .. Written(new ReadyFrame(1))];
                bytes[at % bytes.Length] = with;
                try
                {
                    foreach (LinkFrame frame in ReadAll(LinkSide.Coordinator, bytes))
                    {
                        frame.Buffer?.Release();
                    }
                }
                catch (Exception e) when (e is FrameException or EndOfStreamException)
                {
                }
            },
            threads: 1);

    [Fact]
    public void A_frame_of_another_length_than_the_runs_is_refused_before_a_buffer_is_taken()
    {
        byte[] huge = RawFrame.Header<SubtreeSumFrame, NodeSumCodec.SumFields>(new(1, new(1, RoundKind.Gradient), 1, 0), int.MaxValue - 3, PayloadEncoding.Float32);
        AssertRefused(FrameViolation.TensorLength, () => ReadAll(LinkSide.Coordinator, huge));
        Assert.Equal(0, _gradients.Created);
    }

    [Fact]
    public void A_side_refuses_what_only_it_may_send()
    {
        AssertRefused(FrameViolation.WrongSender, () => ReadAll(LinkSide.Worker, Written(Sum(1))));
        byte[] order = Written(new ComputeFrame(1, Round, new(0, 1)));
        AssertRefused(FrameViolation.WrongSender, () => ReadAll(LinkSide.Coordinator, order));
    }

    [Fact]
    public void A_tensor_without_a_pool_is_refused()
    {
        var reader = new FrameReader(new FrameInput(new MemoryStream(Written(Sum(1))), Options), LinkSide.Coordinator, new LinkPools(), new TcpTransport());
        AssertRefused(FrameViolation.NoPool, () => reader.Read());
    }

    [LinuxFact]
    public void Floats_in_shared_memory_are_found_where_they_are()
    {
        using var pair = new SharedPair(_weights.Length, _gradients.Length);
        RefCountedBuffer[] sums = [pair.Sums.RentFilled(1), pair.Sums.RentFilled(2)];
        var stream = new MemoryStream();
        var writer = new FrameWriter(stream, pair.Node, Options);
        foreach (RefCountedBuffer sum in sums)
        {
            writer.Write(new SubtreeSumFrame(2, Round, new(3), sum) { Computing = TimeSpan.FromMicroseconds(5) });
        }

        Assert.Equal(2 * (FrameHeader.Size + sizeof(int)), stream.Length);
        FrameReader reader = pair.ReaderOf(stream.ToArray(), LinkSide.Coordinator);
        foreach (RefCountedBuffer sum in sums)
        {
            var frame = Assert.IsType<SubtreeSumFrame>(reader.Read());
            Assert.Equal((2, Round, new SubtreeId(3), TimeSpan.FromMicroseconds(5)), (frame.Term, frame.Round, frame.Subtree, frame.Computing));
            sum.Span.Fill(9);
            Assert.Equal(sum.Span, frame.Sum.Span);
            frame.Sum.Release();
            sum.Release();
        }

        Assert.Equal(0, pair.Received.Created);
    }

    [LinuxFact]
    public void Only_an_index_of_a_mapped_region_is_read()
    {
        using var pair = new SharedPair(_weights.Length, _gradients.Length);
        var fields = new NodeSumCodec.SumFields(1, new(9, RoundKind.Gradient), 1, 0);
        foreach (int index in new[] { -1, RegionCapacity.Sums(workers: 1), int.MinValue, int.MaxValue })
        {
            AssertRefused(FrameViolation.UnmappedIndex, () => pair.ReaderOf(RawFrame.SumAt(index, fields), LinkSide.Coordinator).Read());
        }

        AssertRefused(FrameViolation.UnmappedIndex, () => ReadAll(LinkSide.Coordinator, RawFrame.SumAt(1, fields)));
        byte[] damaged = RawFrame.SumAt(0, fields);
        damaged[^1] ^= 1;
        AssertRefused(FrameViolation.DamagedPayload, () => pair.ReaderOf(damaged, LinkSide.Coordinator).Read());
        // Sums of metrics have another length.
        byte[] metrics = RawFrame.SumAt(0, fields with { Round = new(9, RoundKind.Test) });
        AssertRefused(FrameViolation.UnmappedIndex, () => pair.ReaderOf(metrics, LinkSide.Coordinator).Read());
        Assert.Equal(0, _gradients.Created + _evaluations.Created + pair.Received.Created);
    }

    [LinuxFact]
    public void An_index_that_comes_before_the_regions_are_mapped_is_refused()
    {
        using var pair = new SharedPair(_weights.Length, _gradients.Length);
        using ExportingTransport unmapped = ExportingTransport.Create(new(pair.Export, Workers: 1), pair.Received)!;
        byte[] frame = RawFrame.SumAt(0, new(1, new(9, RoundKind.Gradient), 1, 0));
        var reader = new FrameReader(new FrameInput(new MemoryStream(frame), Options), LinkSide.Coordinator, new LinkPools { Gradients = pair.Received }, unmapped);
        AssertRefused(FrameViolation.UnmappedIndex, () => reader.Read());
    }

    [Fact]
    public void Only_the_first_megabyte_of_an_error_travels()
    {
        var failed = (FailedFrame)ReadAll(LinkSide.Coordinator, Written(new FailedFrame(1, Round, new(0, 1), new string('x', 2 << 20)))).Single();
        Assert.Equal(1 << 20, failed.Error.Length);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _gradients.Dispose();
        _evaluations.Dispose();
    }

    private static void AssertRefused(FrameViolation violation, Action read) => Assert.Equal(violation, Assert.Throws<FrameException>(read).Violation);

    private static byte[] Written(params LinkFrame[] frames) => RawFrame.Written(frames);

    private SubtreeSumFrame Sum(int seed) => new(2, Round, new(3), _gradients.RentFilled(seed)) { Computing = TimeSpan.FromMicroseconds(5) };

    private List<LinkFrame> ReadAll(LinkSide side, byte[] bytes)
    {
        var pools = new LinkPools { Weights = _weights, Gradients = _gradients, Evaluations = _evaluations };
        var reader = new FrameReader(new FrameInput(new MemoryStream(bytes), Options), side, pools, new TcpTransport());
        var frames = new List<LinkFrame>();
        bool done = false;
        try
        {
            while (reader.Read() is { } frame)
            {
                frames.Add(frame);
            }

            done = true;
        }
        finally
        {
            if (!done)
            {
                frames.ForEach(frame => frame.Buffer?.Release());
            }
        }

        return frames;
    }
}
