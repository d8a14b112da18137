namespace NnCluster.Cli.Launching;

/// <summary>
/// Bounds the restarts of one process within an hour. The first restart is immediate, the second follows a pause, and each
/// further pause is twice the one before, up to a minute: while a machine boots, for example, ssh fails, and must not use up
/// all restarts.
/// </summary>
/// <param name="most">Most restarts in an hour.</param>
/// <param name="pause">Pause before the second restart.</param>
/// <param name="time">The clock.</param>
internal sealed class RestartBudget(int most, TimeSpan pause, TimeProvider time)
{
    private const int MostDoublings = 16;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Queue<long> _taken = new();

    /// <summary>Takes one restart.</summary>
    /// <returns>The pause before it; null if none is left.</returns>
    public TimeSpan? TryTake()
    {
        while (_taken.TryPeek(out long oldest) && time.GetElapsedTime(oldest) > Window)
        {
            _taken.Dequeue();
        }

        int taken = _taken.Count;
        if (taken >= most)
        {
            return null;
        }

        _taken.Enqueue(time.GetTimestamp());
        if (taken == 0)
        {
            return TimeSpan.Zero;
        }

        TimeSpan grown = pause * (1 << Math.Min(taken - 1, MostDoublings));
        return grown < LongestPause ? grown : LongestPause;
    }
}
