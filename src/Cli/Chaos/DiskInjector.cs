namespace NnCluster.Cli.Chaos;

/// <summary>Leaves no free byte on the disk of the run directory.</summary>
internal sealed class DiskInjector(SmallDisk disk) : IFaultInjector
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.OnInject();
        try
        {
            long start = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(start) < target.Plan.Length && !stop.IsCancellationRequested)
            {
                // Repeated, because a file that is deleted meanwhile frees space.
                disk.Fill();
                await Delay.ForAsync(Interval, stop).ConfigureAwait(false);
            }
        }
        finally
        {
            disk.Free();
        }
    }
}
