using NnCluster.Link;
using NnCluster.Memory;

namespace NnCluster.Coordinator;

/// <summary>
/// Hash of the model state that is sent to the nodes. It is computed once, by the sending thread of the first link that copies
/// the state; links that leave the state in shared memory do not compute it. Only the coordinator's thread calls <see cref="Of"/>.
/// </summary>
internal sealed class BroadcastHash
{
    private long _step = -1;
    private Lazy<ulong>? _hash;

    /// <summary>Returns the hash of a model state.</summary>
    /// <param name="step">Number of optimizer steps that led to the state.</param>
    /// <param name="weights">The state. Each frame with the hash holds a reference to it until the hash is computed.</param>
    public Lazy<ulong> Of(long step, RefCountedBuffer weights)
    {
        if (_hash is null || step != _step)
        {
            (_step, _hash) = (step, new(() => TensorHash.Of(weights)));
        }

        return _hash;
    }
}
