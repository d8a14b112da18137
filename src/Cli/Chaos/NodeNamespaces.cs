using System.Globalization;

namespace NnCluster.Cli.Chaos;

/// <summary>
/// A network namespace for each worker process, and a bridge between them that the coordinator listens on; only root may make them.
/// </summary>
internal sealed class NodeNamespaces : IDisposable
{
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"nnc{Environment.ProcessId % 1_000_000}");
    private readonly int _subnet = Environment.ProcessId % 250;
    private readonly int _workers;

    /// <summary>Makes the network.</summary>
    /// <param name="workers">Number of namespaces, at most 200: they share one subnet.</param>
    /// <exception cref="FaultException">It cannot be made; what was made is removed again.</exception>
    public NodeNamespaces(int workers)
    {
        _workers = workers;
        try
        {
            Make();
        }
        catch (FaultException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Address of the coordinator.</summary>
    public string Coordinator => AddressOf(0);

    /// <summary>Whether this process may make namespaces and links; tried out, since root in a container may not.</summary>
    public static bool ArePossible()
    {
        string trial = string.Create(CultureInfo.InvariantCulture, $"nnc{Environment.ProcessId % 1_000_000}t");
        bool spaces = OperatingSystem.IsLinux() && Environment.UserName == "root"
            && SystemCommand.Try("ip", "netns", "add", trial) is null && SystemCommand.Try("ip", "netns", "delete", trial) is null;
        return spaces
            && SystemCommand.Try("ip", "link", "add", trial, "type", "bridge") is null
            && SystemCommand.Try("ip", "link", "delete", trial) is null;
    }

    /// <summary>Command that starts a program inside a worker's namespace.</summary>
    public string[] Inside(int worker) => ["ip", "netns", "exec", NamespaceOf(worker)];

    /// <summary>Takes a worker's interface down or up again.</summary>
    public void SetLink(int worker, bool up) => SystemCommand.Run("ip", "link", "set", PortOf(worker), up ? "up" : "down");

    /// <summary>Removes everything.</summary>
    public void Dispose()
    {
        for (int worker = 0; worker < _workers; worker++)
        {
            SystemCommand.Try("ip", "netns", "delete", NamespaceOf(worker));
            SystemCommand.Try("ip", "link", "delete", PortOf(worker));
        }

        SystemCommand.Try("ip", "link", "delete", _name);
    }

    private void Make()
    {
        SystemCommand.Run("ip", "link", "add", _name, "type", "bridge");
        SystemCommand.Run("ip", "address", "add", $"{AddressOf(0)}/24", "dev", _name);
        SystemCommand.Run("ip", "link", "set", _name, "up");
        for (int worker = 0; worker < _workers; worker++)
        {
            string space = NamespaceOf(worker);
            SystemCommand.Run("ip", "netns", "add", space);
            SystemCommand.Run("ip", "link", "add", PortOf(worker), "type", "veth", "peer", "name", "eth0", "netns", space);
            SystemCommand.Run("ip", "link", "set", PortOf(worker), "master", _name, "up");
            SystemCommand.Run("ip", "-n", space, "address", "add", $"{AddressOf(worker + 1)}/24", "dev", "eth0");
            SystemCommand.Run("ip", "-n", space, "link", "set", "eth0", "up");
            SystemCommand.Run("ip", "-n", space, "link", "set", "lo", "up");
        }
    }

    // Names of interfaces have at most 15 characters.
    private string NamespaceOf(int worker) => string.Create(CultureInfo.InvariantCulture, $"{_name}h{worker}");

    private string PortOf(int worker) => string.Create(CultureInfo.InvariantCulture, $"{_name}v{worker}");

    private string AddressOf(int host) => string.Create(CultureInfo.InvariantCulture, $"10.213.{_subnet}.{host + 1}");
}
