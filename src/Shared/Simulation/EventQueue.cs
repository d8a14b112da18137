namespace NnCluster.Simulation;

/// <summary>Virtual clock: runs events in order of time, events of equal time in the order they were planned.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Action, (TimeSpan Time, long Order)> _events = new();
    private long _planned;

    public TimeSpan Now { get; private set; }

    public void At(TimeSpan time, Action action) => _events.Enqueue(action, (time > Now ? time : Now, _planned++));

    public void After(TimeSpan delay, Action action) => At(Now + delay, action);

    /// <summary>Runs the next event; false if none is planned.</summary>
    public bool Advance()
    {
        if (!_events.TryDequeue(out Action? action, out (TimeSpan Time, long) due))
        {
            return false;
        }

        Now = due.Time;
        action();
        return true;
    }
}
