using System.IO.Hashing;
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
            new PingFrame(5),
            new PongFrame(6),
            new GoodbyeFrame("the run is over: 98 % reached ✓", GoodbyeKind.RunOver),
            new GoodbyeFrame("three errors in a row", GoodbyeKind.Refused),
            new MemoryFrame(new(1, 2, 3, Guid.NewGuid()), new(int.MaxValue, 0, 1, Guid.NewGuid())),
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
            new DatasetRequestFrame(1L << 40, FrameHeader.MaxBytes),
            new ReadyFrame(4),
            new MemoryFoundFrame(),
        ];
        Assert.Equal(frames, ReadAll(LinkSide.Coordinator, Written(frames)));

        var sum = Assert.IsType<SubtreeSumFrame>(ReadAll(LinkSide.Coordinator, Written(Sum(3))).Single());
        Assert.Equal((2, Round, new SubtreeId(3)), (sum.Term, sum.Round, sum.Subtree));
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
                Assert.Throws<LinkException>(() => ReadAll(LinkSide.Coordinator, bytes));
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
        Assert.Contains("damaged", Assert.Throws<LinkException>(() => ReadAll(LinkSide.Worker, weights)).Message);
        byte[] text = Written(new GoodbyeFrame("so long"));
        text[^1] ^= 1;
        Assert.Contains("damaged", Assert.Throws<LinkException>(() => ReadAll(LinkSide.Worker, text)).Message);
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
                catch (Exception e) when (e is LinkException or EndOfStreamException)
                {
                }
            },
            threads: 1);

    [Fact]
    public void A_frame_of_another_length_than_the_runs_is_refused_before_a_buffer_is_taken()
    {
        var huge = new FrameHeader(FrameKind.SubtreeSum, 1, 1, RoundKind.Gradient, 1, 0, int.MaxValue - 3, 0);
        byte[] bytes = new byte[FrameHeader.Size];
        huge.Write(bytes);
        Assert.Contains("this run's have 8", Assert.Throws<LinkException>(() => ReadAll(LinkSide.Coordinator, bytes)).Message);
        Assert.Equal(0, _gradients.Created);
    }

    [Fact]
    public void A_side_refuses_what_only_it_may_send()
    {
        Assert.Contains("came from the Coordinator", Assert.Throws<LinkException>(() => ReadAll(LinkSide.Worker, Written(Sum(1)))).Message);
        byte[] order = Written(new ComputeFrame(1, Round, new(0, 1)));
        Assert.Contains("came from the Worker", Assert.Throws<LinkException>(() => ReadAll(LinkSide.Coordinator, order)).Message);
    }

    [Fact]
    public void Floats_nobody_has_room_for_are_refused()
    {
        var reader = new FrameReader(new MemoryStream(Written(Sum(1))), LinkSide.Coordinator, new LinkPools(), Options);
        Assert.Contains("unasked", Assert.Throws<LinkException>(reader.Read).Message);
    }

    [LinuxFact]
    public void Floats_that_both_sides_see_are_found_where_they_are()
    {
        using SharedMemory memory = SharedMemory.Create(_gradients.Length, 2, othersWrite: true)!;
        _gradients.Add(memory);
        RefCountedBuffer[] sums = [_gradients.RentFilled(1), _gradients.RentFilled(2)];
        var stream = new MemoryStream();
        var writer = new FrameWriter(stream, Options) { Seen = memory };
        foreach (RefCountedBuffer sum in sums)
        {
            writer.Write(new SubtreeSumFrame(2, Round, new(3), sum) { Computing = TimeSpan.FromMicroseconds(5) });
        }

        Assert.Equal(2 * (FrameHeader.Size + sizeof(int)), stream.Length);
        FrameReader reader = ReaderOf(stream.ToArray(), memory);
        foreach (RefCountedBuffer sum in sums)
        {
            var frame = Assert.IsType<SubtreeSumFrame>(reader.Read());
            Assert.Equal((2, Round, new SubtreeId(3), TimeSpan.FromMicroseconds(5)), (frame.Term, frame.Round, frame.Subtree, frame.Computing));
            sum.Span.Fill(9);
            Assert.Equal(sum.Span, frame.Sum.Span);
            frame.Sum.Release();
            sum.Release();
        }
    }

    [LinuxFact]
    public void Only_a_place_that_was_shown_is_looked_at()
    {
        using SharedMemory memory = SharedMemory.Create(_gradients.Length, 2, othersWrite: true)!;
        foreach (int place in new[] { -1, 2, int.MinValue, int.MaxValue })
        {
            Assert.Contains($"at place {place} of a memory that has 2", Assert.Throws<LinkException>(ReaderOf(PlaceFrame(place), memory).Read).Message);
        }

        Assert.Contains("of a memory that has 0", Assert.Throws<LinkException>(ReaderOf(PlaceFrame(1), null).Read).Message);
        byte[] damaged = PlaceFrame(0);
        damaged[^1] ^= 1;
        Assert.Contains("damaged", Assert.Throws<LinkException>(ReaderOf(damaged, memory).Read).Message);
        // Sums of metrics are of another length.
        Assert.Throws<LinkException>(ReaderOf(PlaceFrame(0, RoundKind.Test), memory).Read);
        Assert.Equal(0, _gradients.Created + _evaluations.Created);
    }

    [Fact]
    public void Only_the_first_megabyte_of_an_error_travels()
    {
        var failed = (FailedFrame)ReadAll(LinkSide.Coordinator, Written(new FailedFrame(1, Round, new(0, 1), new string('x', 2 << 20)))).Single();
        Assert.Equal(FrameHeader.MaxBytes, failed.Error.Length);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _gradients.Dispose();
        _evaluations.Dispose();
    }

    private static byte[] PlaceFrame(int place, RoundKind round = RoundKind.Gradient)
    {
        byte[] payload = BitConverter.GetBytes(place);
        byte[] frame = [.. new byte[FrameHeader.Size], .. payload];
        new FrameHeader(FrameKind.SubtreeSum, 1, 9, round, 1, 0, payload.Length, XxHash3.HashToUInt64(payload)) { IsPlace = true }.Write(frame);
        return frame;
    }

    private FrameReader ReaderOf(byte[] bytes, SharedMemory? memory) =>
        new(new MemoryStream(bytes), LinkSide.Coordinator, new LinkPools { Gradients = _gradients, Evaluations = _evaluations }, Options) { Seen = memory };

    private SubtreeSumFrame Sum(int seed) => new(2, Round, new(3), _gradients.RentFilled(seed));

    private static byte[] Written(params LinkFrame[] frames)
    {
        var stream = new MemoryStream();
        var writer = new FrameWriter(stream, Options);
        foreach (LinkFrame frame in frames)
        {
            writer.Write(frame);
            frame.Buffer?.Release();
        }

        return stream.ToArray();
    }

    private List<LinkFrame> ReadAll(LinkSide side, byte[] bytes)
    {
        var pools = new LinkPools { Weights = _weights, Gradients = _gradients, Evaluations = _evaluations };
        var reader = new FrameReader(new MemoryStream(bytes), side, pools, Options);
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
