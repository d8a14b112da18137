using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>Ends of a data link.</summary>
internal enum LinkSide
{
    /// <summary>End that listened.</summary>
    Coordinator,

    /// <summary>End that connected.</summary>
    Worker,
}
