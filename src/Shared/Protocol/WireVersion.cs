namespace NnCluster.Protocol;

/// <summary>
/// The version of everything that crosses the wire: control messages, frames and what they mean. Both sides must have
/// the same one; it grows with every change.
/// </summary>
public static class WireVersion
{
    /// <summary>What this program speaks.</summary>
    public const ushort Current = 4;
}
