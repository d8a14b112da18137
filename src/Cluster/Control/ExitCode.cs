using NnCluster.AkkaSupport;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Control;

/// <summary>What the programs end with.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Done = 0;

    /// <summary>The run failed.</summary>
    public const int Failed = 1;

    /// <summary>Something given cannot be used.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped on request, with a checkpoint.</summary>
    public const int Interrupted = 130;
}
