namespace NnCluster.Link;

/// <summary>Ends of a data link.</summary>
internal enum LinkSide
{
    /// <summary>End that listened.</summary>
    Coordinator,

    /// <summary>End that connected.</summary>
    Worker,
}
