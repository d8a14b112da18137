namespace NnCluster.Coordinator.Launching;

/// <summary>Allows so many restarts within an hour.</summary>
internal sealed class RestartBudget(int most, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Queue<long> _taken = new();

    /// <summary>Takes one restart; false if there is none left.</summary>
    public bool TryTake()
    {
        while (_taken.TryPeek(out long oldest) && time.GetElapsedTime(oldest) > Window)
        {
            _taken.Dequeue();
        }

        if (_taken.Count >= most)
        {
            return false;
        }

        _taken.Enqueue(time.GetTimestamp());
        return true;
    }
}
