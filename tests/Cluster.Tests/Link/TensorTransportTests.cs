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

/// <summary>The time at which a buffer of shared memory may be rented again.</summary>
public sealed class TensorTransportTests
{
    private const int StateLength = 1000;
    private const int GradientLength = 1003;

    [LinuxFact]
    public void A_sum_that_was_sent_is_not_rented_again_before_newer_weights_arrive()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        Deliver(pair, Weights(pair, step: 4));
        RefCountedBuffer sum = pair.Sums.RentFilled(1);
        Deliver(pair, Sum(sum, step: 4));
        // An evaluation of the same model state ends no lease.
        Deliver(pair, Weights(pair, step: 4, RoundKind.Test));
        Assert.DoesNotContain(sum, pair.Sums.RentAllOfTheRegion());

        Deliver(pair, Weights(pair, step: 5));
        Assert.Contains(sum, pair.Sums.RentAllOfTheRegion());
    }

    [LinuxFact]
    public void A_sum_of_an_older_step_than_the_newest_weights_may_be_rented_at_once()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        Deliver(pair, Weights(pair, step: 5));
        RefCountedBuffer late = pair.Sums.RentFilled(1);
        Deliver(pair, Sum(late, step: 4));
        Assert.Contains(late, pair.Sums.RentAllOfTheRegion());
    }

    [LinuxFact]
    public void No_sum_is_rented_from_the_region_of_a_link_that_has_ended()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        RefCountedBuffer sent = pair.Sums.RentFilled(1);
        float[] values = sent.Span.ToArray();
        pair.Node.Send(Sum(sent, step: 4));
        RefCountedBuffer atRest = pair.Sums.Rent();
        RefCountedBuffer used = pair.Sums.Rent();
        atRest.Release();
        var read = (SubtreeSumFrame)pair.ReaderOf(RawFrame.SumAt(0, new(1, new(4, RoundKind.Gradient), 1, 0)), LinkSide.Coordinator).Read()!;

        pair.Node.Dispose();
        pair.Coordinator.Dispose();
        RefCountedBuffer next = pair.Sums.RentFilled(2);
        Assert.True(next != sent && next != atRest && next != used);
        Assert.Equal(values, read.Sum.Span.ToArray());
        // The worker may finish its sum; it is freed when it lets go of it.
        used.Span.Fill(1);
        used.Release();
        Assert.Throws<ObjectDisposedException>(() => used.Span.Length);
        read.Sum.Release();
        sent.Release();
        next.Release();
        Assert.Equal(1, pair.Sums.Created);
    }

    [LinuxFact]
    public void The_newest_model_state_that_was_sent_is_not_rented_again_before_a_newer_one_is_sent_on_any_link()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        using ExportingTransport other = ExportingTransport.Create(new(pair.Export, Workers: 2), pair.Received)!;
        RefCountedBuffer state = pair.States.RentFilled(1);
        Deliver(pair, Weights(state, step: 4));
        Assert.DoesNotContain(state, pair.States.RentAllOfTheRegion());
        Assert.Equal(1, pair.Export.Leases.Count);

        // To a node that has mapped nothing yet: copied, and newer all the same.
        RefCountedBuffer newer = pair.States.RentFilled(2);
        Assert.Equal(PayloadEncoding.Float32, other.Send(Weights(newer, step: 5)).Encoding);
        Assert.Contains(state, pair.States.RentAllOfTheRegion());
        Deliver(pair, Weights(newer, step: 5));
        Assert.DoesNotContain(newer, pair.States.RentAllOfTheRegion());
    }

    [LinuxFact]
    public void A_model_state_is_leased_once_for_however_many_links_and_rounds()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        RefCountedBuffer state = pair.States.RentFilled(1);
        for (int round = 0; round < 5; round++)
        {
            Deliver(pair, Weights(state.Share(), step: 4));
        }

        Assert.Equal(1, pair.Export.Leases.Count);
        state.Release();
        pair.Export.Dispose();
        Assert.Equal(0, pair.Export.Leases.Count);
    }

    [LinuxFact]
    public void Regions_are_mapped_once_and_only_if_they_were_exported()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        Assert.True(pair.Coordinator.SharesMemory && pair.Node.SharesMemory);
        Assert.False(pair.Coordinator.Accept(new RegionsMappedFrame()));
        Assert.False(pair.Node.Accept(new RegionsExportedFrame(default, default)));
        Assert.False(pair.Node.Accept(new RegionsMappedFrame()));
        Assert.False(new TcpTransport().Accept(new RegionsMappedFrame()));
    }

    [LinuxFact]
    public void A_node_that_cannot_map_the_regions_is_sent_every_float()
    {
        var node = new MappingTransport(new LinkPools { Weights = new(StateLength), Gradients = new(GradientLength) });
        node.Begin(_ => throw new InvalidOperationException("there is nothing to answer"));
        Assert.True(node.Accept(new RegionsExportedFrame(new(int.MaxValue, 1, 1, Guid.Empty), new(int.MaxValue, 1, 1, Guid.Empty))));
        Assert.False(node.SharesMemory);
        node.Dispose();
    }

    [LinuxFact]
    public void Writing_a_frame_allocates_nothing()
    {
        using var pair = new SharedPair(StateLength, GradientLength);
        using var heap = new BufferPool(StateLength);
        LinkFrame[] frames = [Weights(pair, step: 1), Weights(heap.RentFilled(1), step: 1), new ComputeFrame(1, new(1, RoundKind.Gradient), new(0, 1))];
        var stream = new MemoryStream(1 << 16);
        var writer = new FrameWriter(stream, pair.Coordinator, new());
        WriteAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            WriteAll();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void WriteAll()
        {
            stream.Position = 0;
            foreach (LinkFrame frame in frames)
            {
                writer.Write(frame);
            }
        }
    }

    private static WeightsFrame Weights(RefCountedBuffer state, long step, RoundKind kind = RoundKind.Gradient) => new(1, new(step, kind), new(0, 1), state);

    private static WeightsFrame Weights(SharedPair pair, long step, RoundKind kind = RoundKind.Gradient) => Weights(pair.States.RentFilled(3), step, kind);

    private static SubtreeSumFrame Sum(RefCountedBuffer sum, long step) => new(1, new(step, RoundKind.Gradient), SubtreeId.Root, sum);

    // Sends a frame, which the receiver releases at once.
    private static void Deliver(SharedPair pair, TensorFrame frame) => pair.Deliver(frame).Buffer!.Release();
}
