using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Launching;

/// <summary>
/// Allows so many restarts within an hour: the first at once, the second after a pause, each further one after twice the
/// pause before it, up to a minute. What fails at once, such as ssh to a machine that is booting, must not use them up at once.
/// </summary>
/// <param name="most">How many in an hour.</param>
/// <param name="pause">Before the second restart.</param>
/// <param name="time">The clock.</param>
internal sealed class RestartBudget(int most, TimeSpan pause, TimeProvider time)
{
    private const int MostDoublings = 16;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Queue<long> _taken = new();

    /// <summary>Takes one restart.</summary>
    /// <returns>How long to wait before it; null if there is none left.</returns>
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
