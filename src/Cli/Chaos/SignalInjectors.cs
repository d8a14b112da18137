using System.Diagnostics;
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

/// <summary>Kills a process: a worker's, or the coordinator's.</summary>
internal sealed class KillInjector : IFaultInjector
{
    /// <inheritdoc/>
    public Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.Strikes();
        ProcessSignal.Send(target.Process, ProcessSignal.Kill);
        return Task.CompletedTask;
    }
}

/// <summary>Stops a process and lets it go on.</summary>
internal sealed class StopInjector : IFaultInjector
{
    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.Strikes();
        ProcessSignal.Send(target.Process, ProcessSignal.Stop);
        await Pause.ForAsync(target.Plan.Length, stop).ConfigureAwait(false);
        ProcessSignal.Send(target.Process, ProcessSignal.Continue);
    }
}

/// <summary>Slows a process down by stopping it four fifths of the time.</summary>
internal sealed class SlowInjector : IFaultInjector
{
    private static readonly TimeSpan Stopped = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Running = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.Strikes();
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < target.Plan.Length && !stop.IsCancellationRequested)
        {
            ProcessSignal.Send(target.Process, ProcessSignal.Stop);
            await Pause.ForAsync(Stopped, stop).ConfigureAwait(false);
            ProcessSignal.Send(target.Process, ProcessSignal.Continue);
            await Pause.ForAsync(Running, stop).ConfigureAwait(false);
        }
    }
}

/// <summary>Waiting that ends early, and quietly, when it is cancelled.</summary>
internal static class Pause
{
    /// <summary>Waits.</summary>
    public static Task ForAsync(TimeSpan time, CancellationToken stop) => Task.WhenAny(Task.Delay(time, stop));
}
