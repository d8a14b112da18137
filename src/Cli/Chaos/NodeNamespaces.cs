using System.Globalization;

namespace NnCluster.Cli.Chaos;

/// <summary>
/// A network namespace for each node, and a bridge between them that the coordinator listens on. Only root may create them.
/// </summary>
internal sealed class NodeNamespaces : IDisposable
{
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"nnc{Environment.ProcessId % 1_000_000}");
    private readonly int _subnet = Environment.ProcessId % 250;
    private readonly int _nodes;

    /// <summary>Creates the network.</summary>
    /// <param name="nodes">Number of namespaces, at most 200, since they share one subnet.</param>
    /// <exception cref="FaultException">The network cannot be created; its parts are removed.</exception>
    public NodeNamespaces(int nodes)
    {
        _nodes = nodes;
        try
        {
            Create();
        }
        catch (FaultException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Address of the coordinator.</summary>
    public string Coordinator => AddressOf(0);

    /// <summary>Whether this process may create namespaces and links. It tries, since root in a container may not.</summary>
    public static bool ArePossible()
    {
        string trial = string.Create(CultureInfo.InvariantCulture, $"nnc{Environment.ProcessId % 1_000_000}t");
        bool spaces = OperatingSystem.IsLinux() && Environment.UserName == "root"
            && SystemCommand.Try("ip", "netns", "add", trial) is null && SystemCommand.Try("ip", "netns", "delete", trial) is null;
        return spaces
            && SystemCommand.Try("ip", "link", "add", trial, "type", "bridge") is null
            && SystemCommand.Try("ip", "link", "delete", trial) is null;
    }

    /// <summary>Command that starts a program in the namespace of a node.</summary>
    public string[] Inside(int node) => ["ip", "netns", "exec", NamespaceOf(node)];

    /// <summary>Takes the interface of a node down or up.</summary>
    public void SetLink(int node, bool up) => SystemCommand.Run("ip", "link", "set", PortOf(node), up ? "up" : "down");

    /// <summary>Removes everything.</summary>
    public void Dispose()
    {
        for (int node = 0; node < _nodes; node++)
        {
            SystemCommand.Try("ip", "netns", "delete", NamespaceOf(node));
            SystemCommand.Try("ip", "link", "delete", PortOf(node));
        }

        SystemCommand.Try("ip", "link", "delete", _name);
    }

    private void Create()
    {
        SystemCommand.Run("ip", "link", "add", _name, "type", "bridge");
        SystemCommand.Run("ip", "address", "add", $"{AddressOf(0)}/24", "dev", _name);
        SystemCommand.Run("ip", "link", "set", _name, "up");
        for (int node = 0; node < _nodes; node++)
        {
            string space = NamespaceOf(node);
            SystemCommand.Run("ip", "netns", "add", space);
            SystemCommand.Run("ip", "link", "add", PortOf(node), "type", "veth", "peer", "name", "eth0", "netns", space);
            SystemCommand.Run("ip", "link", "set", PortOf(node), "master", _name, "up");
            SystemCommand.Run("ip", "-n", space, "address", "add", $"{AddressOf(node + 1)}/24", "dev", "eth0");
            SystemCommand.Run("ip", "-n", space, "link", "set", "eth0", "up");
            SystemCommand.Run("ip", "-n", space, "link", "set", "lo", "up");
        }
    }

    // Names of interfaces have at most 15 characters.
    private string NamespaceOf(int node) => string.Create(CultureInfo.InvariantCulture, $"{_name}h{node}");

    private string PortOf(int node) => string.Create(CultureInfo.InvariantCulture, $"{_name}v{node}");

    private string AddressOf(int host) => string.Create(CultureInfo.InvariantCulture, $"10.213.{_subnet}.{host + 1}");
}
