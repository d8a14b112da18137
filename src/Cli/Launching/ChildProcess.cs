using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>Parameters of a process to start.</summary>
internal sealed record ChildStart
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Gets every line of standard error, and of standard output if that is neither shared nor the status channel.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>Gets every status record.</summary>
    public required Action<StatusRecord> Status { get; init; }

    /// <summary>
    /// True: status records come on standard output, as they do through ssh; false: on a pipe, whose descriptor is given with
    /// <c>--status-fd</c>.
    /// </summary>
    public bool StatusOnOutput { get; init; }

    /// <summary>Whether the process shares the standard output of this program.</summary>
    public bool ShowOutput { get; init; }

    /// <summary>Whether the process is a client, such as ssh, of a process on another machine: signals do not reach that one.</summary>
    public bool IsRemote { get; init; }
}

/// <summary>
/// A process of the cluster that this program has started. Its standard input is a pipe, which ends when this program ends, even
/// by SIGKILL; the process then ends too.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan LastLinesTimeout = TimeSpan.FromSeconds(5);

    // An inheritable descriptor is inherited by every process that is started meanwhile, so starts are serialised.
    private static readonly Lock StartGate = new();

    private readonly Process _process;
    private readonly Task _streams;
    private readonly AnonymousPipeServerStream? _pipe;
    private readonly bool _isRemote;
    private bool _disposed;

    private ChildProcess(Process process, ChildStart start, AnonymousPipeServerStream? pipe)
    {
        _process = process;
        _isRemote = start.IsRemote;
        _pipe = pipe;
        Id = process.Id;
        List<Task> streams = [LogAsync(process.StandardError, start.Log)];
        if (pipe is not null)
        {
            streams.Add(ReadStatusAsync(new StreamReader(pipe), start));
        }

        if (start.StatusOnOutput)
        {
            streams.Add(ReadStatusAsync(process.StandardOutput, start));
        }
        else if (!start.ShowOutput)
        {
            streams.Add(LogAsync(process.StandardOutput, start.Log));
        }

        _streams = Task.WhenAll(streams);
        Exited = WaitAsync();
    }

    /// <summary>Completes with the exit code when the process has ended and its last line and record are read.</summary>
    public Task<int> Exited { get; }

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => _disposed || _process.HasExited;

    /// <summary>Id of the process.</summary>
    public int Id { get; }

    /// <summary>Starts a program.</summary>
    /// <exception cref="BadInputException">The program cannot be started.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        lock (StartGate)
        {
            AnonymousPipeServerStream? pipe = start.StatusOnOutput ? null : new(PipeDirection.In, HandleInheritability.Inheritable);
            try
            {
                string[] status = pipe is null ? [] : [StatusWriter.OptionName, pipe.GetClientHandleAsString()];
                Process process = Process.Start(new ProcessStartInfo(start.Command[0], [.. start.Command.Skip(1), .. status])
                {
                    RedirectStandardInput = true,
                    RedirectStandardError = true,
                    RedirectStandardOutput = start.StatusOnOutput || !start.ShowOutput,
                })!;
                return new(process, start, pipe);
            }
            catch (Win32Exception e)
            {
                pipe?.Dispose();
                throw new BadInputException($"{start.Command[0]} cannot be started: {e.Message}", e);
            }
            finally
            {
                pipe?.DisposeLocalCopyOfClientHandle();
            }
        }
    }

    /// <summary>Requests the end of the process: SIGTERM, or the end of its standard input if no signal reaches it.</summary>
    public void RequestEnd()
    {
        if (HasExited)
        {
            return;
        }

        if (_isRemote || OperatingSystem.IsWindows())
        {
            _process.StandardInput.Close();
        }
        else
        {
            ProcessSignal.Send(_process.Id, ProcessSignal.Terminate);
        }
    }

    /// <summary>Kills the process and its descendants.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <summary>Waits for the end of the process, and kills it after the timeout.</summary>
    public async Task EndOrKillAsync(TimeSpan timeout)
    {
        await Task.WhenAny(Exited, Task.Delay(timeout)).ConfigureAwait(false);
        if (!HasExited)
        {
            Kill();
        }

        await Exited.ConfigureAwait(false);
    }

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
        _pipe?.Dispose();
    }

    // Reading an anonymous pipe may occupy the thread that calls it.
    private static Task ReadStatusAsync(StreamReader reader, ChildStart start) =>
        Task.Run(() => StatusReader.ReadAsync(reader, start.Status, start.Log));

    private static async Task LogAsync(StreamReader reader, Action<string> log)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } text)
        {
            log(text);
        }
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        // A descendant that outlives the process, such as a shared connection of ssh, may keep the pipes open.
        await Task.WhenAny(_streams, Task.Delay(LastLinesTimeout)).ConfigureAwait(false);
        return _process.ExitCode;
    }
}
