using System.Net;
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
        if (SharedMemory.Create(_run.Layout.GradientLength, 4, othersWrite: true) is not { } memory)
        {
            return;
        }

        using SharedMemory shown = memory;
        using var gradients = new BufferPool(_run.Layout.GradientLength);
        gradients.Add(shown);
        TestProbe worker = CreateTestProbe("worker-0");
        PendingLink pending = _listener.Expect(Timeout);
        using DataLink link = await DataLink.ConnectAsync("127.0.0.1", _listener.EndPoint.Port, pending.Token, LinkSecurity.None, new());
        using DataLink coordinator = await pending.Link.WaitAsync(Timeout);
        using var work = new NodeWork(Term, _run.Spec.SettingsFor(_run.Data), _run.Layout, gradients, link, [worker]);

        work.Take(new WeightsFrame(Term, new(0, RoundKind.Gradient), new(0, 2), _run.State.Share()));
        RefCountedBuffer sent = Answer();
        // More of the same step, and the next evaluation of the same weights: what was sent may still be needed.
        work.Take(new ComputeFrame(Term, new(0, RoundKind.Gradient), new(4, 2)));
        RefCountedBuffer second = Answer();
        Assert.NotSame(sent, second);
        work.Take(new WeightsFrame(Term, new(0, RoundKind.Test), new(0, 1), _run.State.Share()));
        Assert.Equal(RoundKind.Test, worker.ExpectMsg<ComputeShards>().Round.Kind);
        Assert.DoesNotContain(RentAll(), buffer => buffer == sent || buffer == second);

        work.Take(new WeightsFrame(Term, new(1, RoundKind.Gradient), new(0, 2), _run.State.Share()));
        // The link lets go of them as it ends.
        link.Dispose();
        Assert.Contains(sent, RentAll());

        RefCountedBuffer Answer()
        {
            var asked = worker.ExpectMsg<ComputeShards>();
            Assert.Equal(RoundKind.Gradient, asked.Round.Kind);
            asked.ModelState.Release();
            RefCountedBuffer sum = gradients.Rent();
            work.Collect(new SubtreeComputed(new(worker.Ref.Path.Name), asked.Round, _run.Spec.MinibatchTree.SubtreesOf(asked.Shards).Single(), sum));
            return sum;
        }

        // Everything that can be rented without making more.
        RefCountedBuffer[] RentAll()
        {
            int created = gradients.Created;
            var rented = new List<RefCountedBuffer>();
            while (gradients.Created == created)
            {
                rented.Add(gradients.Rent());
            }

            rented.ForEach(buffer => buffer.Release());
            return [.. rented.SkipLast(1)];
        }
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _listener.Dispose();
        _run.Dispose();
    }
}
