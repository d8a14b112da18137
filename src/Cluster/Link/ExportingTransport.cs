using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>
/// The coordinator's side: exports the region of model states and, for this node alone, a region of sums. The
/// coordinator owns both, so that no node can take memory away from it; nodes map model states read-only, and the
/// export of the sums ends when the node has mapped them.
/// </summary>
internal sealed class ExportingTransport : SharedMemoryTransport
{
    private readonly SharedMemory _states;
    private readonly SharedMemory _sums;

    private ExportingTransport(ModelStateExport states, SharedMemory sums)
        : base(states.Leases)
    {
        _states = states.Region;
        _sums = sums;
    }

    /// <summary>Exports a region of sums.</summary>
    /// <returns>Null where the system has no memory for it.</returns>
    public static ExportingTransport? Create(NodeExport export, BufferPool gradients) =>
        SharedMemory.Create(gradients.Length, RegionCapacity.Sums(export.Workers), peersWrite: true) is { } sums
            ? new(export.States, sums)
            : null;

    /// <inheritdoc/>
    public override void Begin(Func<LinkFrame, bool> send) => send(new RegionsExportedFrame(_states.Name, _sums.Name));

    /// <inheritdoc/>
    public override bool Accept(TransportFrame frame)
    {
        if (frame is not RegionsMappedFrame || SharesMemory)
        {
            return false;
        }

        _sums.Unexport();
        Agree(outgoing: _states, incoming: _sums);
        return true;
    }

    /// <inheritdoc/>
    public override OutgoingPayload Send(TensorFrame frame)
    {
        Leases.EndBefore(frame.Round.Step);
        return base.Send(frame);
    }

    /// <inheritdoc/>
    public override void Dispose() => _sums.Dispose();
}
