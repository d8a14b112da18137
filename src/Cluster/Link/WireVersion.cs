using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// The version of everything that crosses the wire: control messages, frames and what they mean. Both sides must have
/// the same one; it grows with every change.
/// </summary>
public static class WireVersion
{
    /// <summary>What this program speaks.</summary>
    public const ushort Current = 4;
}
