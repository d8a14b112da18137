using System.Globalization;

namespace NnCluster.Cli.Launching;

/// <summary>How a launch ends.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Reason">Cause, for display; null where the exit code says all.</param>
/// <param name="IsLogged">Whether the coordinator has logged the cause itself.</param>
internal sealed record LaunchEnd(int ExitCode, string? Reason = null, bool IsLogged = false);

/// <summary>Waiting and wording that both supervisors share.</summary>
internal static class RestartPause
{
    /// <summary>Waits, until the launch is over or asked to end at the latest.</summary>
    public static async Task WaitAsync(TimeSpan pause, Task over, CancellationToken stop) =>
        await Task.WhenAny(Task.Delay(pause, stop), over).ConfigureAwait(false);

    /// <summary>For the log.</summary>
    public static string Describe(TimeSpan pause) =>
        pause == TimeSpan.Zero
            ? "restarting it"
            : string.Create(CultureInfo.InvariantCulture, $"restarting it in {pause.TotalSeconds:0.#} s");
}
