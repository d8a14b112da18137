using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// Memory that both sides of a link see because they run on one host: weights and sums of gradients in it are not sent,
/// only where they are. The coordinator makes both parts, so that no worker can take memory away from it; weights can be
/// written by nobody else, and sums, once their worker has found them, be opened by nobody else.
/// </summary>
/// <remarks>
/// Nobody says when a buffer may be used again, the steps do: weights stay until no round of their step is open, and
/// newer weights tell a worker that every sum of an earlier step has been used, or is not wanted.
/// </remarks>
internal sealed class LinkMemory : IDisposable
{
    /// <summary>Bytes of an offer.</summary>
    public const int OfferSize = 2 * SharedMemoryName.Size;

    private readonly bool _ownsWeights;

    private LinkMemory(SharedMemory weights, SharedMemory sums, bool ownsWeights)
    {
        Weights = weights;
        Sums = sums;
        _ownsWeights = ownsWeights;
    }

    /// <summary>What the coordinator writes and the worker reads.</summary>
    public SharedMemory Weights { get; }

    /// <summary>What the worker writes and the coordinator reads.</summary>
    public SharedMemory Sums { get; }

    /// <summary>The coordinator's side.</summary>
    /// <returns>Null where there is nothing to show, or no memory for sums.</returns>
    public static LinkMemory? Offer(LinkPools pools) =>
        pools is { Shown: { } weights, Gradients: { } gradients } && SharedMemory.Create(gradients.Length, pools.ShownSums, othersWrite: true) is { } sums
            ? new(weights, sums, ownsWeights: false)
            : null;

    /// <summary>The worker's side.</summary>
    /// <returns>Null if the worker does not find all of it.</returns>
    public static LinkMemory? Find(MemoryFrame offer, LinkPools pools)
    {
        if (pools is not { Weights: { } weightsPool, Gradients: { } gradients }
            || SharedMemory.Open(offer.Weights, weightsPool.Length, writable: false) is not { } weights)
        {
            return null;
        }

        if (SharedMemory.Open(offer.Sums, gradients.Length, writable: true) is { } sums)
        {
            return new(weights, sums, ownsWeights: true);
        }

        weights.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Sums.Dispose();
        if (_ownsWeights)
        {
            Weights.Dispose();
        }
    }
}
