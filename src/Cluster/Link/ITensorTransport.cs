using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>Carries the tensors of a link's frames: <see cref="TcpTransport"/> copies the floats, a shared-memory transport sends a buffer's index.</summary>
/// <remarks>
/// Owner of a buffer: the holder of the last reference, whose release lets the buffer be rented and written again.
/// <code>
///                                  sender's buffer                         receiver's buffer
/// weights to a node, TCP           the frame, until it is written          the received frame (pools.Weights)
/// weights to a node, shared        lease of the run's ModelStateExport,    none: the received frame is a view of the
///                                  until a newer state is sent             sender's buffer
/// sum to the coordinator, TCP      the frame, until it is written          the received frame (pools.Gradients, Evaluations)
/// sum to the coordinator, shared   lease of the node's transport, until    none: the received frame is a view of the
///                                  newer weights arrive; after the end     sender's buffer
///                                  of the link it is never rented again
/// </code>
/// The floats of a view are valid while its round is open; its memory stays mapped until the view is released. Leases end
/// with the steps of the run, without messages of their own: a model state of a later step exists only after every round
/// of the earlier step was reduced or abandoned. No sum of that step is read any more, and the coordinator drops every sum
/// that is still being computed from its model state.
/// </remarks>
internal interface ITensorTransport : IDisposable
{
    /// <summary>Whether tensors stay in memory that both sides share.</summary>
    bool SharesMemory { get; }

    /// <summary>Begins the agreement with the peer's transport. Called once, before the link receives.</summary>
    /// <param name="send">Queues a frame; false if the link is closed.</param>
    void Begin(Func<LinkFrame, bool> send);

    /// <summary>Takes a frame of the peer's transport. Called by the receiving thread.</summary>
    /// <returns>False if the frame was not due: the peer violates the protocol.</returns>
    bool Accept(TransportFrame frame);

    /// <summary>Gives the payload of a frame to be written. Called by the sending thread.</summary>
    /// <param name="frame">A frame whose tensor is referenced until the payload is written.</param>
    OutgoingPayload Send(TensorFrame frame);

    /// <summary>Receives a tensor. Called by the receiving thread.</summary>
    /// <param name="step">Step of the tensor's round.</param>
    /// <param name="header">Checked header of the frame.</param>
    /// <param name="input">Where the payload comes from.</param>
    /// <param name="pool">Pool of buffers of the tensor's length.</param>
    /// <returns>One reference to the tensor; null if its floats do not match their hash.</returns>
    /// <exception cref="FrameException">The payload is no tensor of this run.</exception>
    /// <exception cref="EndOfStreamException">The stream ended within the payload.</exception>
    RefCountedBuffer? Receive(long step, FrameHeader header, FrameInput input, BufferPool pool);
}
