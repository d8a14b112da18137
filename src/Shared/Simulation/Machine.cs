namespace NnCluster.Simulation;

/// <summary>One worker machine: its faults and its process.</summary>
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

    /// <summary>Incarnations of its process so far.</summary>
    public int Incarnations { get; set; }

    /// <summary>The process while it is connected; else null.</summary>
    public SimulatedNode? Process { get; set; }
}
