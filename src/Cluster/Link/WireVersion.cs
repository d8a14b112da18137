namespace NnCluster.Link;

/// <summary>
/// Version of everything that crosses the wire: control messages, frames and their meaning. Both sides must have the
/// same one; every change raises it.
/// </summary>
internal static class WireVersion
{
    /// <summary>Version of this program.</summary>
    public const ushort Current = 5;
}
