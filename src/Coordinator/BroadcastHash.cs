using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// The hash of the weights that are being sent out: one computation for however many nodes get them, on the thread of
/// the first link that needs it. Used by the coordinator's thread.
/// </summary>
public sealed class BroadcastHash
{
    private long _step = -1;
    private Lazy<ulong>? _hash;

    /// <summary>The hash of the weights after <paramref name="step"/> steps. The buffer must live until it has been read.</summary>
    public Lazy<ulong> Of(long step, RefCountedBuffer weights)
    {
        if (_hash is null || step != _step)
        {
            (_step, _hash) = (step, new(() => DataLink.HashOf(weights)));
        }

        return _hash;
    }
}
