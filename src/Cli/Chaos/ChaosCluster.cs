using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>
/// The cluster that is disturbed: its processes, and what faults need around them, namespaces, a relay and a disk of its
/// own. Disposing removes all of it.
/// </summary>
internal sealed class ChaosCluster : IDisposable
{
    private readonly ChaosPlan _plan;
    private readonly NodeNamespaces? _network;
    private readonly LinkRelay? _relay;
    private readonly SmallDisk? _disk;
    private readonly string _diskPath;
    private readonly Launcher _launcher;
    private readonly Dictionary<FaultKind, IFaultInjector> _injectors;

    /// <summary>Makes everything but the processes.</summary>
    /// <exception cref="FaultException">Something cannot be made; nothing is left of it.</exception>
    public ChaosCluster(ChaosPlan plan, Action<string> log)
    {
        _plan = plan;
        _diskPath = Path.Combine(plan.Directory, "disk");
        Workers = [.. Enumerable.Range(1, plan.Workers).Select(number => string.Create(CultureInfo.InvariantCulture, $"worker-{number}"))];
        try
        {
            _network = plan.UseNamespaces ? new(plan.Workers) : null;
            _disk = plan.Kinds.Contains(FaultKind.Disk) ? new(_diskPath) : null;
            string host = _network?.Coordinator ?? "127.0.0.1";
            int linkPort = LaunchCommand.FreePort();
            _relay = plan.UsesRelay ? new(IPAddress.Parse(host), new(IPAddress.Parse(host), linkPort), WorkerProcesses) : null;
            _launcher = new(LaunchPlan(new(host, LaunchCommand.FreePort()), linkPort), log);
        }
        catch (Exception e) when (e is FaultException or System.Net.Sockets.SocketException)
        {
            Dispose();
            throw e as FaultException ?? new FaultException(e.Message);
        }
        catch
        {
            Dispose();
            throw;
        }

        _injectors = plan.Kinds.ToDictionary(kind => kind, InjectorOf);
    }

    /// <summary>The workers' names.</summary>
    public IReadOnlyList<string> Workers { get; }

    /// <summary>The directory of the run while it goes on.</summary>
    public string RunDirectory => _disk is null ? _plan.Disturbed : Path.Combine(_diskPath, "run");

    /// <summary>Runs the cluster to its end, or until <paramref name="stop"/> asks for it.</summary>
    /// <returns>The coordinator's exit code.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        int code = await _launcher.RunAsync(stop).ConfigureAwait(false);
        if (_disk is not null && Directory.Exists(RunDirectory))
        {
            Directory.CreateDirectory(_plan.Disturbed);
            foreach (string file in Directory.GetFiles(RunDirectory))
            {
                File.Copy(file, Path.Combine(_plan.Disturbed, Path.GetFileName(file)), overwrite: true);
            }
        }

        return code;
    }

    /// <summary>The process of a worker, from 0, or of the coordinator; null if it does not run.</summary>
    public int? ProcessOf(FaultKind kind, int worker) => kind == FaultKind.Coordinator
        ? _launcher.ProcessOf(Launcher.CoordinatorName)
        : _launcher.ProcessOf(Workers[worker]);

    /// <summary>Every process that runs and what it is.</summary>
    public IEnumerable<(string Role, int Process)> Processes()
    {
        if (_launcher.ProcessOf(Launcher.CoordinatorName) is { } coordinator)
        {
            yield return (Launcher.CoordinatorName, coordinator);
        }

        foreach (int worker in WorkerProcesses())
        {
            yield return ("worker", worker);
        }
    }

    /// <summary>Does a fault's harm, and undoes it.</summary>
    public Task InjectAsync(FaultTarget target, CancellationToken stop) => _injectors[target.Plan.Kind].InjectAsync(target, stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        _launcher?.Dispose();
        _relay?.Dispose();
        _network?.Dispose();
        _disk?.Dispose();
    }

    private List<int> WorkerProcesses() => [.. Workers.Select(_launcher.ProcessOf).OfType<int>()];

    private IFaultInjector InjectorOf(FaultKind kind) => kind switch
    {
        FaultKind.Kill or FaultKind.Coordinator => new KillInjector(),
        FaultKind.Stop => new StopInjector(),
        FaultKind.Slow => new SlowInjector(),
        FaultKind.Partition => _network is null ? new BlackholeInjector(_relay!) : new LinkDownInjector(_network),
        FaultKind.Corrupt => new CorruptInjector(_relay!),
        FaultKind.Disk => new DiskInjector(_disk!),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private LaunchPlan LaunchPlan(HostPort listen, int linkPort)
    {
        IReadOnlyList<string> security = _plan.Security.Count > 0 || _network is null ? _plan.Security : ["--cookie-file", Cookie()];
        return new()
        {
            Coordinator =
            [
                .. ProgramPath.Of("nncluster"), "train", "--end-with-input", "--workers", "0", "--listen", listen.ToString(),
                "--min-workers", _plan.MinWorkers.ToString(CultureInfo.InvariantCulture), "--link-port", linkPort.ToString(CultureInfo.InvariantCulture),
                .. _relay is null ? [] : new[] { "--link-advertise", _relay.EndPoint.ToString() },
                .. security, .. _plan.Training,
            ],
            First = ["--out", RunDirectory],
            Out = RunDirectory,
            Workers =
            [
                .. Workers.Select((name, number) => new NodeCommandLine(name,
                [
                    .. _network?.Inside(number) ?? [], .. ProgramPath.Of("nncluster"), "worker", "--end-with-input", "--join", listen.ToString(),
                    "--name", name, "--workers", "1", "--cache", Path.Combine(_plan.Directory, "cache"), .. security,
                ])),
            ],
            MinWorkers = _plan.MinWorkers,
            MaxRestarts = int.MaxValue,
            RestartPause = TimeSpan.Zero,
            ShowOutput = false,
        };
    }

    // The bridge is this machine's own, but nothing says so to the programs.
    private string Cookie()
    {
        string path = Path.Combine(_plan.Directory, "cookie");
        File.WriteAllText(path, Convert.ToHexString(RandomNumberGenerator.GetBytes(16)) + "\n");
        return path;
    }
}
