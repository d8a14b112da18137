using System.ComponentModel;
using System.Diagnostics;

namespace NnCluster.Cli.Chaos;

/// <summary>Programs of the system, such as <c>ip</c> and <c>mount</c>.</summary>
internal static class SystemCommand
{
    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="FaultException">The program fails, or is not installed.</exception>
    public static void Run(string program, params string[] arguments)
    {
        if (Try(program, arguments) is { } error)
        {
            throw new FaultException($"{program} {string.Join(' ', arguments)}: {error}");
        }
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its error; null if it succeeds.</returns>
    public static string? Try(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
            using var process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            _ = output.Result;
            return process.ExitCode == 0 ? null : error.Trim().ReplaceLineEndings(" ");
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }
}
