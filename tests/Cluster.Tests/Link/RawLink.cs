using System.Net;
using System.Net.Sockets;
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

/// <summary>A coordinator's link whose peer is a bare socket with an accepted token, which may now send anything.</summary>
internal sealed class RawLink : IDisposable
{
    private readonly DataListener _listener;

    private RawLink(DataListener listener, Socket socket, LinkEnd coordinator, BufferPool gradients)
    {
        _listener = listener;
        Socket = socket;
        Coordinator = coordinator;
        Gradients = gradients;
    }

    public Socket Socket { get; }

    public LinkEnd Coordinator { get; }

    public BufferPool Gradients { get; }

    public static async Task<RawLink> OpenAsWorker(LinkOptions options, ModelStateExport? export = null)
    {
        var listener = new DataListener(new(IPAddress.Loopback, 0), LinkSecurity.None, options, _ => { });
        PendingLink pending = listener.Expect(TimeSpan.FromSeconds(20));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (options.SocketBufferBytes > 0)
        {
            socket.ReceiveBufferSize = options.SocketBufferBytes;
        }

        socket.Connect(listener.EndPoint);
        LinkHandshake.Introduce(new NetworkStream(socket), pending.Token.Span);
        var gradients = new BufferPool(1000);
        var coordinator = new LinkEnd(
            await pending.Link.WaitAsync(TimeSpan.FromSeconds(20)), new LinkPools { Gradients = gradients }, export is null ? null : new(export, Workers: 1));
        return new(listener, socket, coordinator, gradients);
    }

    public void Send(LinkFrame frame) => Socket.Send(RawFrame.Written(frame));

    public byte[] SumFrame() => RawFrame.Written(new SubtreeSumFrame(1, new(4, RoundKind.Gradient), SubtreeId.Root, Gradients.RentFilled(1)));

    public void Dispose()
    {
        Coordinator.Dispose();
        Socket.Dispose();
        _listener.Dispose();
    }
}
