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

/// <summary>Two transports that have agreed on shared memory, in one process and without a connection.</summary>
internal sealed class SharedPair : IDisposable
{
    public SharedPair(int stateLength, int gradientLength, int workers = 1)
    {
        States = new(stateLength);
        Export = ModelStateExport.Create(States)!;
        Received = new(gradientLength);
        Sums = new(gradientLength);
        Coordinator = ExportingTransport.Create(new(Export, workers), Received)!;
        Node = new(new LinkPools { Weights = new(stateLength), Gradients = Sums });
        Node.Begin(frame => Coordinator.Accept((TransportFrame)frame));
        Coordinator.Begin(frame => Node.Accept((TransportFrame)frame));
    }

    /// <summary>Where the coordinator's model states come from.</summary>
    public BufferPool States { get; }

    public ModelStateExport Export { get; }

    /// <summary>Where the coordinator's sums would go if they were copied.</summary>
    public BufferPool Received { get; }

    /// <summary>Where the node's sums come from.</summary>
    public BufferPool Sums { get; }

    public ExportingTransport Coordinator { get; }

    public MappingTransport Node { get; }

    /// <summary>Writes a frame with one side's transport and reads it with the other's, as a link does.</summary>
    public LinkFrame Deliver(TensorFrame frame)
    {
        bool isSum = frame is SubtreeSumFrame;
        var stream = new MemoryStream();
        new FrameWriter(stream, isSum ? Node : Coordinator, new()).Write(frame);
        frame.Tensor.Release();
        return ReaderOf(stream.ToArray(), isSum ? LinkSide.Coordinator : LinkSide.Worker).Read()!;
    }

    public FrameReader ReaderOf(byte[] bytes, LinkSide side) => new(
        new FrameInput(new MemoryStream(bytes), new()),
        side,
        side == LinkSide.Coordinator ? new LinkPools { Gradients = Received, Evaluations = new(4) } : new LinkPools { Weights = new(States.Length) },
        side == LinkSide.Coordinator ? Coordinator : Node);

    public void Dispose()
    {
        Node.Dispose();
        Coordinator.Dispose();
        Export.Dispose();
    }
}
