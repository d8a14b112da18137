namespace NnCluster.Cli.Reporting;

/// <summary>
/// Rate of a growing count, in units per second: an exponential moving average over its readings with the time constant
/// <see cref="TimeConstant"/>. At first it is the mean over all readings.
/// </summary>
internal sealed class RateMeter
{
    /// <summary>Time after which the average has followed 63 % of a change, in seconds.</summary>
    private const double TimeConstant = 3;

    private double _lastSeconds = double.NaN;
    private double _lastCount;
    private double _observedSeconds;

    /// <summary>Rate in units per second; 0 before the second reading.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Adds a reading.</summary>
    /// <param name="count">The count.</param>
    /// <param name="seconds">Time of the reading, in seconds.</param>
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
