namespace NnCluster.AkkaSupport;

/// <summary>Closes the sockets that Akka.Remote leaves behind when a node has died.</summary>
/// <remarks>
/// Akka.Remote keeps dialling a member that it cannot reach, and leaves the socket of each failed attempt to its finalizer.
/// A coordinator allocates next to nothing, so the collector seldom runs, and the file descriptors of the process pile
/// up. Removal of the member ends the attempts; a collection of the young generations then closes their sockets.
/// </remarks>
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "the DotNetty transport closes the socket of an attempt that failed")]
internal static class UnreachableSockets
{
    /// <summary>Collects generations 0 and 1 in the background: no step waits for it.</summary>
    public static void Collect() => GC.Collect(1, GCCollectionMode.Default, blocking: false);
}
