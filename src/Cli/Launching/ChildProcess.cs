using System.Diagnostics;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Launching;

/// <summary>
/// A program of the cluster that this one has started. Its standard error is shown line by line with a prefix, its
/// standard input is a pipe whose end it takes as the end of its parent, whatever happens to that.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan LastLinesTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _errors;
    private readonly bool _elsewhere;
    private bool _disposed;

    private ChildProcess(Process process, Task errors, bool elsewhere)
    {
        _process = process;
        Id = process.Id;
        _errors = errors;
        _elsewhere = elsewhere;
        Exited = WaitAsync();
    }

    /// <summary>The exit code, once it has ended and its last line is shown.</summary>
    public Task<int> Exited { get; }

    /// <summary>Whether it runs no more.</summary>
    public bool HasExited => _disposed || _process.HasExited;

    /// <summary>The process.</summary>
    public int Id { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="showOutput">Whether its standard output is this program's own.</param>
    /// <param name="elsewhere">Whether it only stands for a program on another machine, which no signal reaches.</param>
    /// <param name="line">Gets every line of its standard error.</param>
    /// <exception cref="BadInputException">It cannot be started.</exception>
    public static ChildProcess Start(IReadOnlyList<string> command, bool showOutput, bool elsewhere, Action<string> line)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = !showOutput,
        };
        try
        {
            Process process = Process.Start(start)!;
            Task errors = ShowAsync(process.StandardError, line);
            return new(process, showOutput ? errors : Task.WhenAll(errors, ShowAsync(process.StandardOutput, line)), elsewhere);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BadInputException($"{command[0]} cannot be started: {e.Message}", e);
        }
    }

    /// <summary>Asks it to end.</summary>
    public void AskToEnd()
    {
        if (HasExited)
        {
            return;
        }

        if (_elsewhere || OperatingSystem.IsWindows())
        {
            _process.StandardInput.Close();
        }
        else
        {
            ProcessSignal.Send(_process.Id, ProcessSignal.Terminate);
        }
    }

    /// <summary>Ends it where it is, and whatever it has started.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        if (!_process.HasExited)
        {
            Kill();
            _process.WaitForExit();
        }

        _disposed = true;
        _process.Dispose();
    }

    private static async Task ShowAsync(StreamReader reader, Action<string> line)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } text)
        {
            line(text);
        }
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        // What it left running, such as a shared connection of ssh, may hold the pipes open for as long as it likes.
        await Task.WhenAny(_errors, Task.Delay(LastLinesTimeout)).ConfigureAwait(false);
        return _process.ExitCode;
    }
}
