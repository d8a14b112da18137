using System.Diagnostics;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests;

/// <summary>A command in a process of its own, run to its end.</summary>
internal static class DotnetCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    /// <summary>Runs <c>dotnet</c>.</summary>
    /// <param name="directory">Working directory.</param>
    /// <param name="arguments">Arguments of <c>dotnet</c>.</param>
    public static ProcessResult Run(string directory, params string[] arguments) => RunProgram("dotnet", directory, arguments);

    /// <summary>Runs a program.</summary>
    public static ProcessResult RunProgram(string program, string directory, params string[] arguments)
    {
        using Process process = Start(program, directory, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Timeout))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} does not end within {Timeout}.");
        }

        return new(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts a program whose standard output and error are read by the caller.</summary>
    public static Process Start(string program, string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Processes that outlive the command would keep its output open, and the host of the tests passes its own settings on.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment.Remove("MSBuildSDKsPath");
        start.Environment.Remove("MSBUILD_EXE_PATH");
        return Process.Start(start)!;
    }
}
