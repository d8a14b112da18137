using System.Globalization;

namespace NnCluster.Cli.Launching;

/// <summary>End of a launch.</summary>
/// <param name="ExitCode">Exit code of the launch.</param>
/// <param name="Reason">Cause, for display; null if the exit code is enough.</param>
/// <param name="IsLogged">Whether the coordinator has logged the cause itself.</param>
internal sealed record LaunchEnd(int ExitCode, string? Reason = null, bool IsLogged = false);

/// <summary>Pause before a restart, for both supervisors.</summary>
internal static class RestartPause
{
    /// <summary>Waits for the pause; returns early when the launch is over or its end is requested.</summary>
    public static async Task WaitAsync(TimeSpan pause, Task over, CancellationToken stop) =>
        await Task.WhenAny(Task.Delay(pause, stop), over).ConfigureAwait(false);

    /// <summary>Text of the pause, for the log.</summary>
    public static string Describe(TimeSpan pause) =>
        pause == TimeSpan.Zero
            ? "restarting it"
            : string.Create(CultureInfo.InvariantCulture, $"restarting it in {pause.TotalSeconds:0.#} s");
}
