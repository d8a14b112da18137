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

public sealed class TensorLinkTests
{
    private static readonly RoundId Round = new(4, RoundKind.Gradient);
    private static readonly LinkOptions Hasty = new()
    {
        FrameDeadline = TimeSpan.FromMilliseconds(300),
        HeartbeatInterval = TimeSpan.FromMilliseconds(40),
        SilenceLimit = TimeSpan.FromMilliseconds(400),
        SocketBufferBytes = 16 * 1024,
        MinimumBytesPerSecond = 1e9,
    };

    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    [InlineData(3_000_000)]
    public async Task Weights_go_out_and_sums_come_back_bit_by_bit(int floats)
    {
        using LinkedPair pair = await LinkedPair.Open(floats);
        for (int turn = 0; turn < 4; turn++)
        {
            RefCountedBuffer weights = pair.Weights.RentFilled(turn);
            Assert.True(pair.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 2), weights) { Hash = new(() => TensorHash.Of(weights)) }));
            WeightsFrame order = await pair.Worker.Next<WeightsFrame>();
            Assert.Equal(Pools.Values(pair.Weights, turn), order.Weights.Span.ToArray());
            order.Weights.Release();

            var computing = TimeSpan.FromMicroseconds(1234 * turn);
            Assert.True(pair.Worker.Link.Send(new SubtreeSumFrame(1, Round, SubtreeId.Root, pair.Gradients.RentFilled(turn)) { Computing = computing }));
            SubtreeSumFrame sum = await pair.Coordinator.Next<SubtreeSumFrame>();
            Assert.Equal(computing, sum.Computing);
            Assert.Equal(Pools.Values(pair.Gradients, turn), sum.Sum.Span.ToArray());
            sum.Sum.Release();
        }

        await AssertClosedCleanly(pair);
        Assert.True(pair.Weights.Created <= 3, $"{pair.Weights.Created} buffers were made");
    }

    [LinuxTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Within_a_host_weights_and_sums_stay_where_they_are(bool tls)
    {
        const int Floats = 100_000;
        using var states = new BufferPool(Floats);
        using ModelStateExport export = ModelStateExport.Create(states)!;
        using var sums = new BufferPool(Floats + 3);
        using var authority = new Authority("authority");
        LinkSecurity security = tls ? LinkSecurity.WithTls(authority.Identity()) : LinkSecurity.None;
        using LinkedPair pair = await LinkedPair.Open(Floats, coordinator: security, worker: security, export: export, sums: sums);
        await AssertSharing(pair);

        for (int turn = 0; turn < 20; turn++)
        {
            var round = new RoundId(turn, RoundKind.Gradient);
            RefCountedBuffer weights = states.RentFilled(turn);
            Assert.True(pair.Coordinator.Link.Send(new WeightsFrame(1, round, new(0, 2), weights.Share()) { Hash = new(() => throw new InvalidOperationException("the weights were copied")) }));
            WeightsFrame order = await pair.Worker.Next<WeightsFrame>();
            Assert.Equal(weights.Span, order.Weights.Span);
            order.Weights.Release();
            weights.Release();

            RefCountedBuffer sum = sums.RentFilled(turn);
            Assert.True(pair.Worker.Link.Send(new SubtreeSumFrame(1, round, SubtreeId.Root, sum.Share())));
            SubtreeSumFrame got = await pair.Coordinator.Next<SubtreeSumFrame>();
            Assert.Equal(sum.Span, got.Sum.Span);
            got.Sum.Release();
            sum.Release();
        }

        // Nothing was copied, neither into a receiver's buffer nor out of memory that is not shared.
        Assert.Equal(0, pair.Weights.Created + pair.Gradients.Created);
        Assert.InRange(states.Created, 1, RegionCapacity.ModelStates);
        Assert.InRange(sums.Created, 1, RegionCapacity.Sums(workers: 1));
        await AssertClosedCleanly(pair);
    }

    [LinuxFact]
    public async Task A_buffer_in_no_region_is_copied()
    {
        using var states = new BufferPool(1000);
        using ModelStateExport export = ModelStateExport.Create(states)!;
        using var sums = new BufferPool(1003);
        using LinkedPair pair = await LinkedPair.Open(1000, export: export, sums: sums);
        await AssertSharing(pair);
        pair.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 2), pair.Weights.RentFilled(1)));
        WeightsFrame order = await pair.Worker.Next<WeightsFrame>();
        Assert.Equal(Pools.Values(pair.Weights, 1), order.Weights.Span.ToArray());
        order.Weights.Release();
        pair.Worker.Link.Send(new SubtreeSumFrame(1, Round, SubtreeId.Root, pair.Gradients.RentFilled(2)));
        SubtreeSumFrame sum = await pair.Coordinator.Next<SubtreeSumFrame>();
        Assert.Equal(Pools.Values(pair.Gradients, 2), sum.Sum.Span.ToArray());
        sum.Sum.Release();
        await AssertClosedCleanly(pair);
    }

    [LinuxFact]
    public async Task A_sum_outlives_the_link_it_came_by()
    {
        using var states = new BufferPool(1000);
        using ModelStateExport export = ModelStateExport.Create(states)!;
        using var sums = new BufferPool(1003);
        using LinkedPair pair = await LinkedPair.Open(1000, export: export, sums: sums);
        await AssertSharing(pair);
        RefCountedBuffer sum = sums.RentFilled(3);
        float[] values = sum.Span.ToArray();
        pair.Worker.Link.Send(new SubtreeSumFrame(1, Round, SubtreeId.Root, sum));
        SubtreeSumFrame got = await pair.Coordinator.Next<SubtreeSumFrame>();
        pair.Worker.Link.Dispose();
        await pair.Worker.Closed;
        await pair.Coordinator.Closed;
        Assert.Equal(values, got.Sum.Span.ToArray());
        got.Sum.Release();
    }

    [LinuxFact]
    public async Task Regions_that_were_not_exported_cannot_be_mapped()
    {
        using RawLink raw = await RawLink.OpenAsWorker(new());
        raw.Send(new RegionsMappedFrame());
        LinkClosed closed = await raw.Coordinator.Closed;
        Assert.Equal(LinkCloseCause.Violation, closed.Cause);
        Assert.Contains("RegionsMapped", closed.Reason);

        using var states = new BufferPool(1000);
        using ModelStateExport export = ModelStateExport.Create(states)!;
        using RawLink twice = await RawLink.OpenAsWorker(new(), export);
        twice.Send(new RegionsMappedFrame());
        twice.Send(new RegionsMappedFrame());
        closed = await twice.Coordinator.Closed;
        Assert.Equal(LinkCloseCause.Violation, closed.Cause);
        Assert.Contains("RegionsMapped", closed.Reason);
    }

    [Fact]
    public async Task Frames_arrive_in_the_order_they_were_sent()
    {
        using LinkedPair pair = await LinkedPair.Open();
        for (int i = 0; i < 100; i++)
        {
            pair.Coordinator.Link.Send(new ComputeFrame(1, new(i, RoundKind.Test), new(i, 1)));
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(new ComputeFrame(1, new(i, RoundKind.Test), new(i, 1)), await pair.Worker.Next<ComputeFrame>());
        }
    }

    [Fact]
    public async Task A_goodbye_delivers_what_was_sent_before_it_and_both_sides_know_why()
    {
        using LinkedPair pair = await LinkedPair.Open(200_000);
        pair.Worker.Link.Send(new SubtreeSumFrame(1, Round, SubtreeId.Root, pair.Gradients.RentFilled(1)));
        pair.Worker.Link.Close("told to stop");
        Assert.False(pair.Worker.Link.Send(new ReadyFrame(1)));

        (await pair.Coordinator.Next<SubtreeSumFrame>()).Sum.Release();
        Assert.Equal(new GoodbyeFrame("told to stop"), await pair.Coordinator.Next<GoodbyeFrame>());
        Assert.Equal(new LinkClosed(LinkCloseCause.PeerGoodbye, "the peer said goodbye: told to stop"), await pair.Coordinator.Closed);
        Assert.Equal(new LinkClosed(LinkCloseCause.ClosedHere, "told to stop"), await pair.Worker.Closed);
        Assert.True((await pair.Coordinator.Closed).Expected && (await pair.Worker.Closed).Expected);
        pair.Gradients.AssertAllReturned();
    }

    [Fact]
    public async Task A_side_that_vanishes_is_noticed_at_once_and_keeps_no_buffer()
    {
        using LinkedPair pair = await LinkedPair.Open(3_000_000);
        for (int i = 0; i < 20; i++)
        {
            pair.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 1), pair.Weights.Rent()));
        }

        pair.Worker.Link.Dispose();
        Assert.False((await pair.Coordinator.Closed).Expected);
        await pair.Worker.Closed;
        Assert.False(pair.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 1), pair.Weights.Rent())));
        while (pair.Worker.HasMore)
        {
            (await pair.Worker.Next<WeightsFrame>()).Weights.Release();
        }

        pair.Weights.AssertAllReturned();
    }

    [Fact]
    public async Task A_sum_damaged_on_the_way_is_reported_and_the_link_closed()
    {
        using RawLink raw = await RawLink.OpenAsWorker(new());
        byte[] frame = raw.SumFrame();
        frame[^1] ^= 1;
        raw.Socket.Send(frame);
        Assert.Equal(new DamagedSumFrame(1, Round, SubtreeId.Root), await raw.Coordinator.Next<DamagedSumFrame>());
        Assert.Equal(LinkCloseCause.Damaged, (await raw.Coordinator.Closed).Cause);
        raw.Gradients.AssertAllReturned();
    }

    [Fact]
    public async Task A_side_killed_in_the_middle_of_a_frame_costs_no_buffer()
    {
        using RawLink raw = await RawLink.OpenAsWorker(new());
        raw.Socket.Send(raw.SumFrame().AsSpan(0, 300));
        raw.Socket.Dispose();
        LinkClosed closed = await raw.Coordinator.Closed;
        Assert.Equal(LinkCloseCause.PeerClosed, closed.Cause);
        Assert.Contains("middle of a frame", closed.Reason);
        raw.Gradients.AssertAllReturned();
    }

    [Fact]
    public async Task Noise_after_the_handshake_closes_the_link()
    {
        using RawLink raw = await RawLink.OpenAsWorker(new());
        raw.Socket.Send(new byte[500]);
        LinkClosed closed = await raw.Coordinator.Closed;
        Assert.Equal(LinkCloseCause.Violation, closed.Cause);
        Assert.Contains("expected a frame", closed.Reason);
    }

    [Fact]
    public async Task A_frame_that_stops_half_way_is_given_up_in_time()
    {
        using RawLink raw = await RawLink.OpenAsWorker(Hasty with { SilenceLimit = TimeSpan.FromMinutes(1) });
        raw.Socket.Send(raw.SumFrame().AsSpan(0, 300));
        Assert.Equal(LinkCloseCause.ReceiveTimeout, (await raw.Coordinator.Closed).Cause);
        raw.Gradients.AssertAllReturned();
    }

    [Fact]
    public async Task A_side_that_says_nothing_is_taken_for_dead()
    {
        using RawLink raw = await RawLink.OpenAsWorker(Hasty);
        Assert.Equal(LinkCloseCause.Silence, (await raw.Coordinator.Closed).Cause);
    }

    [Fact]
    public async Task A_side_that_does_not_read_is_cut_off_by_the_deadline()
    {
        using RawLink raw = await RawLink.OpenAsWorker(Hasty with { SilenceLimit = TimeSpan.FromMinutes(1) });
        var pool = new BufferPool(4_000_000);
        raw.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 1), pool.Rent()));
        raw.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 1), pool.Rent()));
        Assert.Equal(LinkCloseCause.SendTimeout, (await raw.Coordinator.Closed).Cause);
        pool.AssertAllReturned();
    }

    [Fact]
    public async Task A_side_that_does_not_read_is_cut_off_by_the_length_of_the_queue()
    {
        using RawLink raw = await RawLink.OpenAsWorker(new LinkOptions { QueueLimit = 4, SocketBufferBytes = 16 * 1024 });
        var pool = new BufferPool(4_000_000);
        RefCountedBuffer weights = pool.Rent();
        while (raw.Coordinator.Link.Send(new WeightsFrame(1, Round, new(0, 1), weights.Share())))
        {
        }

        Assert.Equal(LinkCloseCause.QueueFull, (await raw.Coordinator.Closed).Cause);
        weights.Release();
        pool.AssertAllReturned();
    }

    [Fact]
    public async Task An_idle_link_stays_open_by_its_own_pings()
    {
        // Long enough for a busy machine to keep both ends from their work for a while.
        var limit = TimeSpan.FromSeconds(3);
        using LinkedPair pair = await LinkedPair.Open(10, Hasty with { SilenceLimit = limit, FrameDeadline = TimeSpan.FromMinutes(1) });
        // Twice the silence limit, and nothing to say.
        await Assert.ThrowsAsync<TimeoutException>(() => pair.Coordinator.Closed.WaitAsync(limit * 2));
        await AssertClosedCleanly(pair);
    }

    [Fact]
    public async Task A_side_cannot_send_what_only_the_other_may()
    {
        using LinkedPair pair = await LinkedPair.Open();
        Assert.Throws<ArgumentException>(() => pair.Worker.Link.Send(new ComputeFrame(1, Round, new(0, 1))));
        Assert.Throws<ArgumentException>(() => pair.Worker.Link.Send(new DamagedSumFrame(1, Round, SubtreeId.Root)));
        Assert.Throws<ArgumentException>(() => pair.Coordinator.Link.Send(new DatasetChunkFrame(0, new byte[DatasetChunkFrame.MaxBytes + 1])));
    }

    // The offer comes to the worker before anything sent behind it, and so does its answer to the coordinator.
    private static async Task AssertSharing(LinkedPair pair)
    {
        pair.Coordinator.Link.Send(new ComputeFrame(1, Round, new(0, 1)));
        await pair.Worker.Next<ComputeFrame>();
        pair.Worker.Link.Send(new ReadyFrame(1));
        await pair.Coordinator.Next<ReadyFrame>();
        Assert.True(pair.Coordinator.Link.SharesMemory && pair.Worker.Link.SharesMemory);
    }

    private static async Task AssertClosedCleanly(LinkedPair pair)
    {
        pair.Coordinator.Link.Close("done");
        Assert.True((await pair.Coordinator.Closed).Expected);
        Assert.True((await pair.Worker.Closed).Expected);
        pair.Weights.AssertAllReturned();
        pair.Gradients.AssertAllReturned();
    }
}
