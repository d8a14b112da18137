using NnCluster.AkkaSupport;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Control;

/// <summary>How a program is, at one moment.</summary>
/// <param name="Alive">Its main loop answers, or none is expected to.</param>
/// <param name="Ready">It does what it is there for.</param>
/// <param name="State">One line for people, with nothing secret in it.</param>
public readonly record struct HealthReport(bool Alive, bool Ready, string State);

/// <summary>How the program is, told by its main loop and asked for from any thread.</summary>
/// <param name="time">The clock.</param>
public sealed class HealthState(TimeProvider time)
{
    /// <summary>How long a main loop may be silent. A machine under load is slow for seconds; what hangs does so for ever.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private const long AtRest = long.MinValue;

    private long _lastHeartbeat = AtRest;
    private volatile Told _told = new(false, () => "starting");

    /// <summary>How things stand; a silence counts from the last <see cref="Heartbeat"/>.</summary>
    public HealthReport Report
    {
        get
        {
            long last = Interlocked.Read(ref _lastHeartbeat);
            TimeSpan silent = last == AtRest ? TimeSpan.Zero : time.GetElapsedTime(last);
            return silent > Timeout
                ? new(false, false, $"no sign of life from the main loop for {silent.TotalSeconds:0} s")
                : new(true, _told.Ready, _told.State());
        }
    }

    /// <summary>The main loop turns.</summary>
    public void Heartbeat() => Interlocked.Exchange(ref _lastHeartbeat, time.GetTimestamp());

    /// <summary>Says what the program does now.</summary>
    public void Say(bool ready, string state) => Say(ready, () => state);

    /// <summary>Says what the program does now, in words that are found when somebody asks.</summary>
    public void Say(bool ready, Func<string> state) => _told = new(ready, state);

    /// <summary>The main loop is over: no beat is expected until the next one.</summary>
    /// <param name="state">What the program does now.</param>
    public void Rest(string state)
    {
        Interlocked.Exchange(ref _lastHeartbeat, AtRest);
        Say(false, state);
    }

    private sealed record Told(bool Ready, Func<string> State);
}
