namespace NnCluster.Cli.Reporting;

/// <summary>
/// How fast a growing count grows, in units a second: an exponential moving average over its readings, with the time
/// constant of <see cref="TimeConstant"/>; before the first of them has passed, the mean so far.
/// </summary>
internal sealed class RateMeter
{
    /// <summary>Seconds after which a change of speed is 63 % visible.</summary>
    private const double TimeConstant = 3;

    private double _lastSeconds = double.NaN;
    private double _lastCount;
    private double _observedSeconds;

    /// <summary>Units a second; 0 before anything was measured.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Takes a reading at a time in seconds.</summary>
    public void Read(double count, double seconds)
    {
        double elapsed = seconds - _lastSeconds;
        if (double.IsNaN(elapsed))
        {
            (_lastCount, _lastSeconds) = (count, seconds);
        }
        else if (elapsed > 0)
        {
            _observedSeconds += elapsed;
            double weight = Math.Max(1 - Math.Exp(-elapsed / TimeConstant), elapsed / Math.Min(_observedSeconds, TimeConstant * 2));
            PerSecond += Math.Min(weight, 1) * (((count - _lastCount) / elapsed) - PerSecond);
            (_lastCount, _lastSeconds) = (count, seconds);
        }
    }
}
