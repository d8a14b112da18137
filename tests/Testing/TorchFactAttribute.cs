using System.Diagnostics;
using NnCluster.Training;

namespace NnCluster.Testing;

/// <summary>A test that needs Python with PyTorch; skipped where it is not installed, saying so.</summary>
public sealed class TorchFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Found = new(() =>
        ((string[])["/usr/bin/python3", "python3"]).FirstOrDefault(python => TryRun(python, ["-c", "import torch"]) is { ExitCode: 0 }));

    public TorchFactAttribute() => Skip = Found.Value is null ? "needs Python with PyTorch" : null;

    /// <summary>Runs a script.</summary>
    internal static ProcessResult Run(params string[] arguments) => TryRun(Found.Value!, arguments)!;

    private static ProcessResult? TryRun(string python, string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new(process.ExitCode, output, errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return null;
        }
    }
}
