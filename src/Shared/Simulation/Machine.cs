using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>One worker machine: what troubles it, and the process that runs on it.</summary>
internal sealed class Machine(int index)
{
    public int Index => index;

    public bool Partitioned { get; set; }

    public TimeSpan HungUntil { get; set; }

    public TimeSpan DownUntil { get; set; }

    public TimeSpan DuplicatingUntil { get; set; }

    public int Slowdown { get; set; } = 1;

    public int ErrorsLeft { get; set; }

    public bool CorruptNext { get; set; }

    /// <summary>Incarnations so far.</summary>
    public int Incarnations { get; set; }

    /// <summary>The process, while there is one with a link.</summary>
    public SimulatedNode? Process { get; set; }
}
