using System.Runtime.InteropServices;

namespace NnCluster.Cli.Launching;

/// <summary>Sends signals, by their numbers on Linux.</summary>
internal static partial class ProcessSignal
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends a signal; does nothing if the process has ended.</summary>
    /// <param name="process">Id of a process that this program started.</param>
    /// <param name="signal">Number of the signal.</param>
    public static void Send(int process, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(process, 2);
        _ = SendTo(process, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendTo(int process, int signal);
}
