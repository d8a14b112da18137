using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using NnCluster.Training;

namespace NnCluster.Testing;

/// <summary>What a process left behind.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON object it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>A field of <see cref="Json"/> as text.</summary>
    public string Field(string name) => Json.GetProperty(name).ToString();
}

/// <summary>The real program in a process of its own. Disposing kills it, if it still runs.</summary>
internal sealed partial class NnClusterProcess : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private static readonly string Programs =
        typeof(NnClusterProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == nameof(Programs)).Value!;

    private readonly Process _process;
    private readonly BlockingCollection<string> _errorLines = [];
    private readonly List<string> _errors = [];
    private readonly Task<string> _output;

    /// <summary>Starts the program.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set.</param>
    /// <param name="directory">Where it starts; null: here.</param>
    /// <param name="under">A command that starts it, such as one that enters a namespace.</param>
    public NnClusterProcess(
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)>? environment = null,
        string? directory = null,
        string[]? under = null)
    {
        string[] command = [.. under ?? [], "dotnet", Program, .. arguments];
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
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _errorLines.CompleteAdding();
            }
            else
            {
                _errorLines.Add(line.Data);
            }
        };
        _process.BeginErrorReadLine();
        _output = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>The rows of MNIST that the tests train on.</summary>
    public static string MnistRows { get; } = Path.Combine(AppContext.BaseDirectory, "mnist-rows");

    /// <summary>Path of the program.</summary>
    public static string Program => PathOf("nncluster");

    /// <summary>Path of an assembly beside the program.</summary>
    public static string PathOf(string assembly) => Path.GetFullPath(Path.Combine(Programs, assembly + ".dll"));

    /// <summary>The process.</summary>
    public int Id => _process.Id;

    /// <summary>Runs the program to its end.</summary>
    public static ProcessResult Run(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments);
        return process.Wait();
    }

    /// <summary>Waits until a line of standard error has the text.</summary>
    public string WaitForError(string text)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        foreach (string line in _errorLines.GetConsumingEnumerable(timeout.Token))
        {
            _errors.Add(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The program ended without '{text}': {string.Join('\n', _errors)}");
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
        if (!_process.WaitForExit(Timeout))
        {
            while (_errorLines.TryTake(out string? line))
            {
                _errors.Add(line);
            }

            Assert.Fail($"The program does not end: {string.Join('\n', _errors)}");
        }

        _process.WaitForExit();
        _errors.AddRange(_errorLines);
        return new(_process.ExitCode, _output.Result, string.Join('\n', _errors));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
        _errorLines.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
