using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>
/// A coordinator's region of model states, exported to the nodes of its own host. Every link of the run sends from it.
/// The newest state that was sent is leased until a newer one is sent, on whichever link.
/// </summary>
internal sealed class ModelStateExport : IDisposable
{
    private readonly BufferPool _pool;
    private readonly BufferShelf _shelf;

    private ModelStateExport(BufferPool pool, SharedMemory region)
    {
        _pool = pool;
        Region = region;
        _shelf = pool.Prefer(new RegionSource(region));
    }

    internal SharedMemory Region { get; }

    internal TensorLeases Leases { get; } = new();

    /// <summary>Creates a region and has the pool rent its buffers before all others.</summary>
    /// <param name="pool">Pool of model states.</param>
    /// <returns>Null where the system has no such memory, or not enough of it.</returns>
    public static ModelStateExport? Create(BufferPool pool) => Create(pool, RegionCapacity.ModelStates);

    /// <summary>Creates a region of another capacity.</summary>
    internal static ModelStateExport? Create(BufferPool pool, int capacity) =>
        SharedMemory.Create(pool.Length, capacity, peersWrite: false) is { } region ? new(pool, region) : null;

    /// <summary>Ends the export. Buffers that are still rented stay valid until they are released.</summary>
    public void Dispose()
    {
        _pool.Remove(_shelf);
        Leases.Dispose();
        Region.Dispose();
    }
}

/// <summary>Exports to one node.</summary>
/// <param name="States">The run's model states.</param>
/// <param name="Workers">Workers that the node hosts, at least 1.</param>
internal sealed record NodeExport(ModelStateExport States, int Workers);

/// <summary>
/// Buffers in a region. They are a compromise, not a limit: when all are rented or leased, a pool rents from the heap,
/// and that tensor is sent over TCP.
/// </summary>
internal static class RegionCapacity
{
    /// <summary>
    /// The current state, which is leased once it is sent; the next one, which an optimizer step writes; one that a
    /// checkpoint is being written from, one that waits to be, and the best one, which a run may keep.
    /// </summary>
    public const int ModelStates = 5;

    /// <summary>
    /// A subtree's sum that is leased to the coordinator and one that is being completed; for each worker the sum that it
    /// computes and the right half that it adds to it.
    /// </summary>
    public static int Sums(int workers) => 2 + (2 * workers);
}
