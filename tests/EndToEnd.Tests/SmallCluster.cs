using System.Net;
using System.Net.Sockets;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Real processes on one machine that train a network which uses everything, on a few rows of MNIST.</summary>
internal sealed class SmallCluster : IDisposable
{
    public const int SigKill = 9;
    public const int SigCont = 18;
    public const int SigStop = 19;

    /// <summary>Epochs that last long enough for a test to inject a fault before their end, on a busy machine too.</summary>
    public const int Long = 120;

    /// <summary>Epochs of a run that ends when it is asked to.</summary>
    public const int Endless = 100_000;

    private static readonly Dictionary<int, string> Alone = [];

    private readonly List<NnClusterProcess> _processes = [];
    private int _runs;

    public TemporaryDirectory Directory { get; } = new();

    public int Port { get; } = FreePort();

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The hash that one process alone ends with.</summary>
    public static string Expected(int epochs = 3)
    {
        if (!Alone.TryGetValue(epochs, out string? hash))
        {
            using var directory = new TemporaryDirectory();
            ProcessResult alone = NnClusterProcess.Run(["train", "--json", .. Training(epochs), "--workers", "2", "--out", directory["alone"]]);
            Assert.True(alone.ExitCode == 0, alone.Error);
            Alone[epochs] = hash = alone.Field("weightsSha256");
        }

        return hash;
    }

    public NnClusterProcess Coordinator(string[] arguments, int epochs = 3, string[]? under = null, string? at = null) =>
        Start(["train", "--json", .. Training(epochs), "--out", at ?? NextRun(), .. arguments.Contains("--listen") ? [] : new[] { "--listen", Address }, .. arguments], under: under);

    public NnClusterProcess Launch(string[] arguments, int epochs = 3, string[]? under = null, string? at = null) =>
        Start(["launch", "--json", .. Training(epochs), "--out", at ?? NextRun(), .. arguments.Contains("--cache") ? [] : new[] { "--cache", Directory["cache"] }, .. arguments], under: under);

    /// <summary>
    /// A run under faults that goes on until it has suffered enough of them, with so many shards that a worker which the
    /// machine keeps from its work for a while has some all the same.
    /// </summary>
    public NnClusterProcess Chaos(string[] arguments) =>
        Start(["chaos", .. Training(Endless, shards: 32), .. arguments]);

    public NnClusterProcess Worker(string name, string[]? arguments = null, (string, string)[]? environment = null, string? join = null, string[]? under = null) =>
        Start(
            ["worker", "--join", join ?? Address, "--name", name, .. (arguments ?? []).Contains("--cache") ? [] : new[] { "--cache", Directory["cache"] }, .. (arguments ?? []).Contains("--give-up-after") ? [] : new[] { "--give-up-after", "60s" }, .. arguments ?? [], .. (arguments ?? []).Contains("--workers") ? [] : new[] { "--workers", "1" }],
            environment,
            under);

    /// <summary>The run's hash is that of one process alone, and the workers ended with the run.</summary>
    public static ProcessResult AssertSameBits(NnClusterProcess coordinator, int epochs, params NnClusterProcess[] workers)
    {
        ProcessResult result = coordinator.Wait();
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(Expected(epochs), result.Field("weightsSha256"));
        foreach (NnClusterProcess worker in workers)
        {
            ProcessResult ended = worker.Wait();
            Assert.True(ended.ExitCode == 0, ended.Error);
        }

        return result;
    }

    /// <summary>A run of <see cref="Endless"/> epochs that was asked to end has the bits of one process alone that takes as many steps.</summary>
    public static ProcessResult AssertSameBitsUpToTheStop(NnClusterProcess coordinator)
    {
        ProcessResult result = coordinator.Wait();
        Assert.True(result.ExitCode == 130, result.Error);
        using var directory = new TemporaryDirectory();
        ProcessResult alone = NnClusterProcess.Run(["train", "--json", .. Training(Endless), "--workers", "2", "--out", directory["alone"], "--stop-after", result.Field("steps")]);
        Assert.True(alone.ExitCode == 130, alone.Error);
        Assert.Equal(alone.Field("weightsSha256"), result.Field("weightsSha256"));
        return result;
    }

    /// <summary>The live processes that a process has started.</summary>
    public static int[] ChildrenOf(int process) =>
    [
        .. System.IO.Directory.GetDirectories($"/proc/{process}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(int.Parse),
    ];

    public static string CommandLineOf(int process) => File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');

    /// <summary>Whether a worker reads weights and writes sums where the coordinator sees them.</summary>
    public static bool SharesMemory(int process)
    {
        string[] shared = [.. File.ReadLines($"/proc/{process}/maps").Where(line => line.Contains("/memfd:nncluster", StringComparison.Ordinal))];
        return shared.Any(line => line.Contains(" r--s ", StringComparison.Ordinal)) && shared.Any(line => line.Contains(" rw-s ", StringComparison.Ordinal));
    }

    /// <summary>Whether a process runs; one that has ended and whom nobody has asked for its exit code does not.</summary>
    public static bool Runs(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits until a process that is not this one's child has ended.</summary>
    public static void WaitForEndOf(int process)
    {
        try
        {
            using var other = System.Diagnostics.Process.GetProcessById(process);
            Assert.True(other.WaitForExit(TimeSpan.FromSeconds(20)) || !Runs(process), $"process {process} does not end");
        }
        catch (ArgumentException)
        {
            // It is gone already.
        }
    }

    /// <summary>Waits until a run has a whole checkpoint of a step; that of step 0, written before a run begins in a cluster, does not count.</summary>
    public static void WaitForCheckpoint(string run) =>
        Assert.True(
            SpinWait.SpinUntil(
                () => System.IO.Directory.GetFiles(run, "checkpoint-*.safetensors").Any(path => Path.GetFileName(path) != "checkpoint-0.safetensors"),
                TimeSpan.FromSeconds(60)),
            $"no checkpoint appears in {run}");

    public static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public void Dispose()
    {
        foreach (NnClusterProcess process in _processes)
        {
            process.Dispose();
        }

        Directory.Dispose();
    }

    public static string[] Training(int epochs, int shards = 8) =>
    [
        "--dataset", NnClusterProcess.MnistRows, "--batch-size", "128", "--shards", $"{shards}", "--epochs", $"{epochs}", "--evaluate-every", "5", "--validation", "40", "--keep", "last",
        "--hidden", "40,24", "--activation", "prelu", "--batch-norm", "--dropout", "0.2,0.1", "--input-dropout", "0.1",
        "--l1", "1e-5", "--l2", "1e-4", "--max-norm", "3", "--clip-norm", "1", "--schedule", "one-cycle", "--learning-rate", "0.005",
    ];

    private string NextRun() => Directory[$"run-{++_runs}"];

    /// <summary>Any program; ended with the cluster.</summary>
    public NnClusterProcess Start(string[] arguments, (string, string)[]? environment = null, string[]? under = null)
    {
        var process = new NnClusterProcess(arguments, environment, under: under) { Peers = () => string.Join('\n', _processes.Select(peer => peer.State)) };
        _processes.Add(process);
        return process;
    }
}
