using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipes;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Testing;

/// <summary>Exit code and texts of a process.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON object it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>A field of <see cref="Json"/> as text.</summary>
    public string Field(string name) => Json.GetProperty(name).ToString();
}

/// <summary>
/// The real program in a process of its own, with its status channel where the command has one. Disposing kills it, if it
/// still runs.
/// </summary>
internal sealed partial class NnClusterProcess : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private static readonly string Programs = typeof(NnClusterProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == nameof(Programs)).Value!;

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly StringBuilder _errorsSoFar = new();
    private readonly Task<string> _output;
    private readonly AnonymousPipeServerStream? _status;
    private readonly BlockingCollection<StatusRecord> _records = [];
    private RunFollower? _run;

    /// <summary>Starts the program.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="directory">Its working directory; null: that of the tests.</param>
    /// <param name="under">A command that starts it, such as one that enters a namespace.</param>
    /// <param name="program">Command of another build of it; null: the one that the tests were built with.</param>
    public NnClusterProcess(
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)>? environment = null,
        string? directory = null,
        string[]? under = null,
        string[]? program = null)
    {
        string[] given = [.. arguments];
        bool hasStatus = given is ["train" or "launch" or "worker" or "chaos" or "serve", ..];
        _status = hasStatus ? new(PipeDirection.In, HandleInheritability.Inheritable) : null;
        string[] status = _status is null ? [] : [StatusWriter.OptionName, _status.GetClientHandleAsString()];
        string[] command = [.. under ?? [], .. program ?? ["dotnet", Program], .. given, .. status];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
        };
        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _errors = Task.Factory.StartNew(ReadErrors, TaskCreationOptions.LongRunning);
        _output = _process.StandardOutput.ReadToEndAsync();
        _status?.DisposeLocalCopyOfClientHandle();
        if (_status is not null)
        {
            new Thread(ReadStatus) { IsBackground = true, Name = "status reader" }.Start();
        }
    }

    /// <summary>The rows of MNIST that the tests train on.</summary>
    public static string MnistRows { get; } = Path.Combine(AppContext.BaseDirectory, "mnist-rows");

    /// <summary>Path of the program.</summary>
    public static string Program => PathOf("nncluster");

    /// <summary>Path of an assembly beside the program.</summary>
    public static string PathOf(string assembly) => Path.GetFullPath(Path.Combine(Programs, assembly + ".dll"));

    /// <summary>The process.</summary>
    public int Id => _process.Id;

    /// <summary>Standard error of the program so far, and whether it runs: for the message of a failed test.</summary>
    public string State
    {
        get
        {
            lock (_errorsSoFar)
            {
                return $"{(_process.HasExited ? $"ended with {_process.ExitCode}" : "runs")}: {_errorsSoFar}";
            }
        }
    }

    /// <summary>Runs the program to its end.</summary>
    public static ProcessResult Run(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments);
        return process.Wait();
    }

    /// <summary>The state of the processes that the run of this one depends on: for the message of a failed test.</summary>
    public Func<string> Peers { get; init; } = () => "";

    /// <summary>The run that this process coordinates: its files, from the moment that it reports its directory.</summary>
    public RunFollower Follow => _run ??= new(WaitFor<RunPrepared>().RunDirectory, () => _process.HasExited, Peers);

    /// <summary>Waits for a record of a type. Records are consumed in order.</summary>
    public T WaitFor<T>(Predicate<T>? predicate = null)
        where T : StatusRecord
    {
        List<StatusRecord> passed = [];
        using var timeout = new CancellationTokenSource(Timeout);
        foreach (StatusRecord record in _records.GetConsumingEnumerable(timeout.Token))
        {
            if (record is T wanted && predicate?.Invoke(wanted) != false)
            {
                return wanted;
            }

            passed.Add(record);
        }

        throw new InvalidOperationException($"The program ended without {typeof(T).Name}: {string.Join('\n', passed)}\n{_errors.Result}");
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(PosixSignal signal) => Signal(_process.Id, signal == PosixSignal.SIGINT ? 2 : 15);

    /// <summary>Sends a signal by its number, which POSIX fixes for few.</summary>
    public static void Signal(int process, int signal) => Assert.True(TrySignal(process, signal), $"process {process} is gone");

    /// <summary>Sends a signal to a process that may have ended.</summary>
    public static bool TrySignal(int process, int signal) => Kill(process, signal) == 0;

    /// <summary>Waits for the end.</summary>
    public ProcessResult Wait()
    {
        Assert.True(_process.WaitForExit(Timeout), $"The program does not end within {Timeout}.");
        return new(_process.ExitCode, _output.Result, _errors.Result.TrimEnd('\n'));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
        _status?.Dispose();
    }

    private string ReadErrors()
    {
        char[] buffer = new char[1024];
        while (_process.StandardError.Read(buffer) is > 0 and int read)
        {
            lock (_errorsSoFar)
            {
                _errorsSoFar.Append(buffer, 0, read);
            }
        }

        return _errorsSoFar.ToString();
    }

    private void ReadStatus()
    {
        StatusReader.ReadAsync(new StreamReader(_status!), _records.Add, _ => { }).GetAwaiter().GetResult();
        _records.CompleteAdding();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
