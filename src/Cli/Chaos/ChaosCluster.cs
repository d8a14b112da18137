using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using NnCluster.Cli.Launching;
using NnCluster.Control;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Chaos;

/// <summary>
/// The cluster under faults: its processes, and the namespaces, the relay and the disk that faults need. Disposing it removes
/// all of them.
/// </summary>
internal sealed class ChaosCluster : IDisposable
{
    private readonly ChaosPlan _plan;
    private readonly NodeNamespaces? _network;
    private readonly LinkRelay? _relay;
    private readonly SmallDisk? _disk;
    private readonly string _diskPath;
    private readonly Launcher _launcher;
    private readonly Dictionary<ChaosFault, IFaultInjector> _injectors;

    /// <summary>Creates everything but the processes.</summary>
    /// <param name="plan">The parameters.</param>
    /// <param name="log">Gets the lines of all processes.</param>
    /// <param name="status">Gets the records of the launch.</param>
    /// <exception cref="FaultException">A resource cannot be created; the others are removed.</exception>
    public ChaosCluster(ChaosPlan plan, Action<string> log, Action<StatusRecord> status)
    {
        _plan = plan;
        _diskPath = Path.Combine(plan.Directory, "disk");
        Nodes = [.. Enumerable.Range(1, plan.Nodes).Select(number => string.Create(CultureInfo.InvariantCulture, $"worker-{number}"))];
        try
        {
            _network = plan.UseNamespaces ? new(plan.Nodes) : null;
            _disk = plan.Kinds.Contains(ChaosFault.Disk) ? new(_diskPath) : null;
            string host = _network?.Coordinator ?? "127.0.0.1";
            int linkPort = LocalPort.FindFree();
            _relay = plan.UsesRelay ? new(IPAddress.Parse(host), new(IPAddress.Parse(host), linkPort), NodeProcesses) : null;
            _launcher = new(LaunchPlan(new(host, LocalPort.FindFree()), linkPort), log, status);
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

    /// <summary>Names of the nodes.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>Run directory while the cluster runs; <see cref="ChaosPlan.Disturbed"/> afterwards.</summary>
    public string RunDirectory => _disk is null ? _plan.Disturbed : Path.Combine(_diskPath, "run");

    /// <summary>Runs the cluster until the run ends or <paramref name="stop"/> is cancelled.</summary>
    public async Task<ProcessEnd> RunAsync(CancellationToken stop)
    {
        ProcessEnd end = await _launcher.RunAsync(stop).ConfigureAwait(false);
        if (_disk is not null && Directory.Exists(RunDirectory))
        {
            Directory.CreateDirectory(_plan.Disturbed);
            foreach (string file in Directory.GetFiles(RunDirectory))
            {
                File.Copy(file, Path.Combine(_plan.Disturbed, Path.GetFileName(file)), overwrite: true);
            }
        }

        return end;
    }

    /// <summary>Id of the process that a fault hits: the coordinator, or a node by its index from 0; null if it does not run.</summary>
    public int? ProcessOf(ChaosFault kind, int node) => kind == ChaosFault.Coordinator
        ? _launcher.ProcessOf(Launcher.CoordinatorName)
        : _launcher.ProcessOf(Nodes[node]);

    /// <summary>Ids of all running processes, with their roles.</summary>
    public IEnumerable<(string Role, int Process)> Processes()
    {
        if (_launcher.ProcessOf(Launcher.CoordinatorName) is { } coordinator)
        {
            yield return (Launcher.CoordinatorName, coordinator);
        }

        foreach (int node in NodeProcesses())
        {
            yield return ("worker", node);
        }
    }

    /// <summary>Injects a fault, and removes it after its length.</summary>
    public Task InjectAsync(FaultTarget target, CancellationToken stop) => _injectors[target.Plan.Kind].InjectAsync(target, stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        _launcher?.Dispose();
        _relay?.Dispose();
        _network?.Dispose();
        _disk?.Dispose();
    }

    private List<int> NodeProcesses() => [.. Nodes.Select(_launcher.ProcessOf).OfType<int>()];

    private IFaultInjector InjectorOf(ChaosFault kind) => kind switch
    {
        ChaosFault.Kill or ChaosFault.Coordinator => new KillInjector(),
        ChaosFault.Pause => new PauseInjector(),
        ChaosFault.Slow => new SlowInjector(),
        ChaosFault.Partition => _network is null ? new BlackholeInjector(_relay!) : new LinkDownInjector(_network),
        ChaosFault.Corrupt => new CorruptInjector(_relay!),
        ChaosFault.Disk => new DiskInjector(_disk!),
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
                "--min-workers", _plan.MinWorkers.ToString(CultureInfo.InvariantCulture),
                "--link-port", linkPort.ToString(CultureInfo.InvariantCulture),
                .. _relay is null ? [] : new[] { "--link-advertise", _relay.EndPoint.ToString() },
                .. security, .. _plan.Training,
            ],
            First = ["--out", RunDirectory],
            Out = RunDirectory,
            Workers =
            [
                .. Nodes.Select((name, number) => new NodeCommandLine(name,
                [
                    .. _network?.Inside(number) ?? [], .. ProgramPath.Of("nncluster"), "worker",
                    "--end-with-input", StatusWriter.OptionName, "1", "--join", listen.ToString(),
                    "--name", name, "--workers", "1", "--cache", Path.Combine(_plan.Directory, "cache"), .. security,
                ])),
            ],
            MinWorkers = _plan.MinWorkers,
            MaxRestarts = int.MaxValue,
            RestartPause = TimeSpan.Zero,
            ShowOutput = false,
        };
    }

    // The programs require a certificate or a cookie on the bridge between the namespaces, as on any network.
    private string Cookie()
    {
        string path = Path.Combine(_plan.Directory, "cookie");
        File.WriteAllText(path, Convert.ToHexString(RandomNumberGenerator.GetBytes(16)) + "\n");
        return path;
    }
}
