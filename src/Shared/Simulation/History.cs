using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Latest events of a simulation; formatted only on request.</summary>
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

    /// <summary>One line per event; effects are indented below their input.</summary>
    public IEnumerable<string> Lines() =>
        _latest.Select(entry => entry.Event is RunEffect
            ? $"                  {entry.Event}"
            : $"{entry.At.TotalMilliseconds,12:0.000} ms  {entry.Event}");
}

/// <summary>A simulated run violated an invariant. The message names it, says how to replay the run, and lists the last events.</summary>
internal sealed class SimulationFailedException : Exception
{
    internal SimulationFailedException(string message)
        : base(message)
    {
    }
}
