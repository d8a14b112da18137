using System.Net;
using System.Threading.Channels;
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

namespace NnCluster.Cluster.Tests.Link;

/// <summary>One side of a link: the frames that it received, in order, and the cause of its end.</summary>
internal sealed class LinkEnd : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private readonly Channel<LinkFrame> _frames = Channel.CreateUnbounded<LinkFrame>();
    private readonly TaskCompletionSource<LinkClosed> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LinkEnd(DataLink link, LinkPools pools, NodeExport? export = null)
    {
        Link = link;
        link.Start(pools, frame => _frames.Writer.TryWrite(frame), closed => _closed.SetResult(closed), export);
    }

    public DataLink Link { get; }

    public Task<LinkClosed> Closed => _closed.Task.WaitAsync(Timeout);

    public async Task<T> Next<T>()
        where T : LinkFrame => Assert.IsType<T>(await _frames.Reader.ReadAsync().AsTask().WaitAsync(Timeout));

    public bool HasMore => _frames.Reader.TryPeek(out _);

    public void Dispose() => Link.Dispose();
}

/// <summary>A coordinator and a worker, linked over loopback.</summary>
internal sealed class LinkedPair : IDisposable
{
    private LinkedPair(DataListener listener, LinkEnd coordinator, LinkEnd worker, BufferPool weights, BufferPool gradients)
    {
        Listener = listener;
        Coordinator = coordinator;
        Worker = worker;
        Weights = weights;
        Gradients = gradients;
    }

    public DataListener Listener { get; }

    public LinkEnd Coordinator { get; }

    public LinkEnd Worker { get; }

    public BufferPool Weights { get; }

    public BufferPool Gradients { get; }

    public static async Task<LinkedPair> Open(
        int floats = 1000, LinkOptions? options = null, LinkSecurity? coordinator = null, LinkSecurity? worker = null, ModelStateExport? export = null, BufferPool? sums = null)
    {
        options ??= new();
        var listener = new DataListener(new(IPAddress.Loopback, 0), coordinator ?? LinkSecurity.None, options, _ => { });
        PendingLink pending = listener.Expect(TimeSpan.FromSeconds(20));
        DataLink there = await DataLink.ConnectAsync("localhost", listener.EndPoint.Port, pending.Token, worker ?? LinkSecurity.None, options);
        DataLink here = await pending.Link.WaitAsync(TimeSpan.FromSeconds(20));
        var weights = new BufferPool(floats);
        var gradients = new BufferPool(floats + 3);
        return new(
            listener,
            new(here, new LinkPools { Gradients = gradients, Evaluations = gradients }, export is null ? null : new(export, Workers: 1)),
            new(there, new LinkPools { Weights = weights, Gradients = sums }),
            weights,
            gradients);
    }

    public void Dispose()
    {
        Coordinator.Dispose();
        Worker.Dispose();
        Listener.Dispose();
    }
}
