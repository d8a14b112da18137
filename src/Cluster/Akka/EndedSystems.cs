namespace NnCluster.AkkaSupport;

/// <summary>Collects the garbage that an actor system leaves when a node begins its next incarnation.</summary>
/// <remarks>
/// An actor system that was removed from a cluster cannot rejoin it, so each incarnation of a node has a system of its own,
/// some 2 MB with DotNetty's buffers on top. A node allocates next to nothing between two of them: without
/// this call several hundred megabytes of ended systems pile up before the collector runs.
/// </remarks>
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "a quarantined or removed actor system can rejoin its cluster")]
internal static class EndedSystems
{
    /// <summary>Collects all generations, blocking; takes some 20 ms. Call it while the node has no work.</summary>
    public static void Collect() => GC.Collect();
}
