
namespace NnCluster.Testing;

/// <summary>A clock that stands until it is told to go on; its timers fire on the thread that does.</summary>
internal sealed class ManualTime : TimeProvider
{
    private sealed class Timer(TimerCallback callback, object? state, TimeSpan period) : ITimer
    {
        public bool Stopped { get; private set; }

        public TimeSpan Period { get; private set; } = period;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            Period = newPeriod;
            return !Stopped;
        }

        public void Dispose() => Stopped = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private readonly List<Timer> _timers = [];
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(callback, state, period);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Lets time pass; every timer fires once if its period fits in.</summary>
    public void Advance(TimeSpan time)
    {
        Interlocked.Add(ref _ticks, time.Ticks);
        _timers.Where(timer => !timer.Stopped && timer.Period <= time).ToList().ForEach(timer => timer.Fire());
    }
}
