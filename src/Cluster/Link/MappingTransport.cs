using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>
/// A node's side: maps the coordinator's regions, and has sums of gradients computed in one of them. The leases of sums
/// that were sent end when newer weights arrive. After the link has ended the coordinator may still read sums: the
/// region then leaves the pool before the leases end, so that none of its buffers is rented again.
/// </summary>
/// <param name="pools">Pools whose tensors have the lengths of the regions'.</param>
internal sealed class MappingTransport(LinkPools pools) : SharedMemoryTransport(new TensorLeases())
{
    private Func<LinkFrame, bool>? _send;
    private SharedMemory? _states;
    private SharedMemory? _sums;
    private BufferShelf? _shelf;
    private bool _asked;

    /// <inheritdoc/>
    public override void Begin(Func<LinkFrame, bool> send) => _send = send;

    /// <inheritdoc/>
    public override bool Accept(TransportFrame frame)
    {
        if (frame is not RegionsExportedFrame exported || _asked)
        {
            return false;
        }

        _asked = true;
        if (pools is { Weights: { } weights, Gradients: { } gradients } && Map(exported, weights.Length, gradients.Length))
        {
            Agree(outgoing: _sums!, incoming: _states!);
            _send!(new RegionsMappedFrame());
            // Last, so that no index is queued before the frame that announces it.
            _shelf = gradients.Prefer(new RegionSource(_sums!));
        }

        return true;
    }

    /// <inheritdoc/>
    public override RefCountedBuffer? Receive(long step, FrameHeader header, FrameInput input, BufferPool pool)
    {
        RefCountedBuffer? weights = base.Receive(step, header, input, pool);
        if (weights is not null)
        {
            Leases.EndBefore(step);
        }

        return weights;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_shelf is not null)
        {
            pools.Gradients!.Remove(_shelf);
        }

        Leases.Dispose();
        _sums?.Dispose();
        _states?.Dispose();
    }

    private bool Map(RegionsExportedFrame exported, int stateLength, int gradientLength)
    {
        _states = SharedMemory.Map(exported.Weights, stateLength, writable: false);
        _sums = _states is null ? null : SharedMemory.Map(exported.Sums, gradientLength, writable: true);
        return _sums is not null;
    }
}
