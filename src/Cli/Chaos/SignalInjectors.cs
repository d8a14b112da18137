using System.Diagnostics;
using NnCluster.Cli.Launching;

namespace NnCluster.Cli.Chaos;

/// <summary>Kills the process of a node or of the coordinator.</summary>
internal sealed class KillInjector : IFaultInjector
{
    /// <inheritdoc/>
    public Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.OnInject();
        ProcessSignal.Send(target.Process, ProcessSignal.Kill);
        return Task.CompletedTask;
    }
}

/// <summary>Pauses a process.</summary>
internal sealed class PauseInjector : IFaultInjector
{
    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.OnInject();
        ProcessSignal.Send(target.Process, ProcessSignal.Stop);
        await Delay.ForAsync(target.Plan.Length, stop).ConfigureAwait(false);
        ProcessSignal.Send(target.Process, ProcessSignal.Continue);
    }
}

/// <summary>Slows a process down: it is paused four fifths of the time.</summary>
internal sealed class SlowInjector : IFaultInjector
{
    private static readonly TimeSpan PausedTime = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan RunningTime = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public async Task InjectAsync(FaultTarget target, CancellationToken stop)
    {
        target.OnInject();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < target.Plan.Length && !stop.IsCancellationRequested)
        {
            ProcessSignal.Send(target.Process, ProcessSignal.Stop);
            await Delay.ForAsync(PausedTime, stop).ConfigureAwait(false);
            ProcessSignal.Send(target.Process, ProcessSignal.Continue);
            await Delay.ForAsync(RunningTime, stop).ConfigureAwait(false);
        }
    }
}

/// <summary>A delay that ends early, without an exception, when it is cancelled.</summary>
internal static class Delay
{
    /// <summary>Waits.</summary>
    public static Task ForAsync(TimeSpan time, CancellationToken stop) => Task.WhenAny(Task.Delay(time, stop));
}
