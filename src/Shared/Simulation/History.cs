using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>The latest events of a simulation, written out only when somebody asks.</summary>
internal sealed class History(int capacity)
{
    private readonly Queue<(TimeSpan At, object Event)> _latest = new();

    public void Add(TimeSpan at, object happened)
    {
        if (capacity == 0)
        {
            return;
        }

        if (_latest.Count == capacity)
        {
            _latest.Dequeue();
        }

        _latest.Enqueue((at, happened));
    }

    /// <summary>One line an event; what the run asks for is indented below what it was told.</summary>
    public IEnumerable<string> Lines() =>
        _latest.Select(entry => entry.Event is RunEffect
            ? $"                  {entry.Event}"
            : $"{entry.At.TotalMilliseconds,12:0.000} ms  {entry.Event}");
}

/// <summary>A simulated run broke a promise. The message says which, how to replay it, and what happened last.</summary>
public sealed class SimulationFailedException : Exception
{
    internal SimulationFailedException(string message)
        : base(message)
    {
    }
}
