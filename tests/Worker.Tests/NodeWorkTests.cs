using System.Net;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

public sealed class SlotWorkTests : TestKit
{
    private const long Term = 3;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly SmallRun _run = new();
    private readonly DataListener _listener = new(new(IPAddress.Loopback, 0), LinkSecurity.None, new(), _ => { });

    [Fact]
    public async Task A_sum_that_was_sent_is_not_written_to_before_newer_weights_come()
    {
        using var states = new BufferPool(_run.Layout.StateLength);
        if (ModelStateExport.Create(states) is not { } created)
        {
            return;
        }

        using ModelStateExport export = created;
        using var gradients = new BufferPool(_run.Layout.GradientLength);
        using var weights = new BufferPool(_run.Layout.StateLength);
        using var received = new BufferPool(_run.Layout.GradientLength);
        TestProbe worker = CreateTestProbe("worker-0");
        PendingLink pending = _listener.Expect(Timeout);
        using DataLink link = await DataLink.ConnectAsync("127.0.0.1", _listener.EndPoint.Port, pending.Token, LinkSecurity.None, new());
        using DataLink coordinator = await pending.Link.WaitAsync(Timeout);
        var assigned = Channel.CreateUnbounded<LinkFrame>();
        var answered = Channel.CreateUnbounded<LinkFrame>();
        using var work = new NodeWork(Term, _run.Spec.SettingsFor(_run.Data), _run.Layout, gradients, link, [worker]);
        link.Start(new() { Weights = weights, Gradients = gradients }, frame => assigned.Writer.TryWrite(frame), _ => { });
        coordinator.Start(new() { Gradients = received }, frame => answered.Writer.TryWrite(frame), _ => { }, new(export, Workers: 1));

        await AssignWeights(new(0, RoundKind.Gradient), new(0, 2));
        RefCountedBuffer sent = await Answer();
        // More of the same step, and the next evaluation of the same weights: the coordinator may still read the sum.
        coordinator.Send(new ComputeFrame(Term, new(0, RoundKind.Gradient), new(4, 2)));
        work.Take((ComputeFrame)await Next(assigned));
        RefCountedBuffer second = await Answer();
        Assert.NotSame(sent, second);
        await AssignWeights(new(0, RoundKind.Test), new(0, 1));
        worker.ExpectMsg<ComputeShards>().ModelState.Release();
        Assert.DoesNotContain(RentMany(), buffer => buffer == sent || buffer == second);

        await AssignWeights(new(1, RoundKind.Gradient), new(0, 2));
        RefCountedBuffer[] rented = RentMany();
        Assert.Contains(sent, rented);
        Assert.Contains(second, rented);
        // Every sum was read where it is.
        Assert.Equal(0, received.Created);

        async Task AssignWeights(RoundId round, ShardRange shards)
        {
            RefCountedBuffer state = states.Rent();
            _run.State.Span.CopyTo(state.Span);
            coordinator.Send(new WeightsFrame(Term, round, shards, state));
            work.Take((WeightsFrame)await Next(assigned));
        }

        async Task<RefCountedBuffer> Answer()
        {
            var asked = worker.ExpectMsg<ComputeShards>();
            Assert.Equal(RoundKind.Gradient, asked.Round.Kind);
            asked.ModelState.Release();
            RefCountedBuffer sum = gradients.Rent();
            work.Collect(new SubtreeComputed(new(worker.Ref.Path.Name), asked.Round, _run.Spec.MinibatchTree.SubtreesOf(asked.Shards).Single(), sum));
            ((SubtreeSumFrame)await Next(answered)).Sum.Release();
            return sum;
        }

        static Task<LinkFrame> Next(Channel<LinkFrame> frames) => frames.Reader.ReadAsync().AsTask().WaitAsync(Timeout);

        // More buffers than the region has, so all of it that may be rented.
        RefCountedBuffer[] RentMany()
        {
            RefCountedBuffer[] rented = [.. Enumerable.Range(0, 20).Select(_ => gradients.Rent())];
            Array.ForEach(rented, buffer => buffer.Release());
            return rented;
        }
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _listener.Dispose();
        _run.Dispose();
    }
}
