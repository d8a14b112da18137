using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>Leaves the disk of the run directory without a free byte.</summary>
internal sealed class DiskInjector(SmallDisk disk) : IFaultInjector
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.Strikes();
        try
        {
            long began = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(began) < target.Plan.Length && !stop.IsCancellationRequested)
            {
                // Again and again: a file that is removed must leave no room for the next one.
                disk.Fill();
                await Pause.ForAsync(Interval, stop).ConfigureAwait(false);
            }
        }
        finally
        {
            disk.Free();
        }
    }
}
