namespace NnCluster.Control;

/// <summary>State of a program at one moment.</summary>
/// <param name="Alive">Whether its main loop has reported within <see cref="HealthState.Timeout"/>, or is not expected to.</param>
/// <param name="Ready">Whether it does its task.</param>
/// <param name="State">One line for display, with nothing secret in it.</param>
internal readonly record struct HealthReport(bool Alive, bool Ready, string State);

/// <summary>State of the program, set by its main loop and read by probes on any thread.</summary>
/// <param name="time">The clock.</param>
internal sealed class HealthState(TimeProvider time)
{
    /// <summary>Time after which a main loop without a heartbeat counts as hung. A loaded machine delays one by seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private const long AtRest = long.MinValue;

    private long _lastHeartbeat = AtRest;
    private volatile Status _status = new(false, () => "starting");

    /// <summary>The state now. Silence counts from the last <see cref="Heartbeat"/>.</summary>
    public HealthReport Report
    {
        get
        {
            long last = Interlocked.Read(ref _lastHeartbeat);
            TimeSpan silent = last == AtRest ? TimeSpan.Zero : time.GetElapsedTime(last);
            return silent > Timeout
                ? new(false, false, $"no heartbeat from the main loop for {silent.TotalSeconds:0} s")
                : new(true, _status.Ready, _status.State());
        }
    }

    /// <summary>Records a heartbeat of the main loop.</summary>
    public void Heartbeat() => Interlocked.Exchange(ref _lastHeartbeat, time.GetTimestamp());

    /// <summary>Sets the state.</summary>
    /// <param name="ready">Whether the program does its task.</param>
    /// <param name="state">One line for display.</param>
    public void SetStatus(bool ready, string state) => SetStatus(ready, () => state);

    /// <summary>Sets the state; the line is computed when a probe reads it.</summary>
    /// <param name="ready">Whether the program does its task.</param>
    /// <param name="state">Computes one line for display, on the probe's thread.</param>
    public void SetStatus(bool ready, Func<string> state) => _status = new(ready, state);

    /// <summary>
    /// Sets the state of a program whose main loop has ended: until the next <see cref="Heartbeat"/>, no heartbeat is
    /// expected.
    /// </summary>
    /// <param name="state">One line for display.</param>
    public void SetIdle(string state)
    {
        Interlocked.Exchange(ref _lastHeartbeat, AtRest);
        SetStatus(false, state);
    }

    private sealed record Status(bool Ready, Func<string> State);
}
