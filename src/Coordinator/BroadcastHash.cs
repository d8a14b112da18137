using NnCluster.Link;
using NnCluster.Memory;

namespace NnCluster.Coordinator;

/// <summary>
/// Hash of the model state that is being sent: computed once for all nodes, by the sending thread of the first link that
/// copies the state. Links that leave the state in shared memory never compute it. Used by the coordinator's thread.
/// </summary>
internal sealed class BroadcastHash
{
    private long _step = -1;
    private Lazy<ulong>? _hash;

    /// <summary>Hash of a model state.</summary>
    /// <param name="step">Optimizer steps behind the state.</param>
    /// <param name="weights">The state; the frames that carry the hash hold references to it, which keep it until it is computed.</param>
    public Lazy<ulong> Of(long step, RefCountedBuffer weights)
    {
        if (_hash is null || step != _step)
        {
            (_step, _hash) = (step, new(() => TensorHash.Of(weights)));
        }

        return _hash;
    }
}
