using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NnCluster.Cli.Chaos;

/// <summary>
/// Relays the data links between nodes and coordinator; the coordinator advertises the relay's port instead of its own. The
/// relay can hold back or damage the bytes of one node.
/// </summary>
internal sealed class LinkRelay : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _coordinator;
    private readonly Func<IReadOnlyList<int>> _nodes;
    private readonly ConcurrentDictionary<RelayedLink, bool> _links = [];
    private readonly ConcurrentDictionary<int, ManualResetEventSlim> _held = [];

    /// <summary>Starts listening.</summary>
    /// <param name="host">Address to listen on.</param>
    /// <param name="coordinator">Address that the coordinator accepts data links on.</param>
    /// <param name="nodes">Returns the process ids of the nodes that run now.</param>
    public LinkRelay(IPAddress host, IPEndPoint coordinator, Func<IReadOnlyList<int>> nodes)
    {
        _coordinator = coordinator;
        _nodes = nodes;
        _listener.Bind(new IPEndPoint(host, 0));
        _listener.Listen(128);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        new Thread(AcceptAll) { IsBackground = true, Name = "relay" }.Start();
    }

    /// <summary>Address of the relay.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Holds back all bytes to and from a process.</summary>
    public void Hold(int process) => _held[process] = new(initialState: false);

    /// <summary>Relays the bytes of a process again.</summary>
    public void Release(int process)
    {
        if (_held.TryRemove(process, out ManualResetEventSlim? gate))
        {
            gate.Set();
        }
    }

    /// <summary>Flips one bit of the next bytes.</summary>
    /// <param name="process">Process id of the node.</param>
    /// <param name="draw">Random number that decides the bit and the direction.</param>
    /// <param name="onInject">Called immediately before the bit is flipped.</param>
    /// <returns>Completes when the bit is flipped.</returns>
    public Task DamageAsync(int process, uint draw, Action onInject)
    {
        var damage = new BitDamage(draw, onInject);
        foreach (RelayedLink link in _links.Keys)
        {
            if (link.Process == process)
            {
                link.Damage(damage);
            }
        }

        return damage.Done;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        foreach (int process in _held.Keys)
        {
            Release(process);
        }

        foreach (RelayedLink link in _links.Keys)
        {
            link.Dispose();
        }
    }

    private void AcceptAll()
    {
        while (true)
        {
            Socket node;
            try
            {
                node = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            new Thread(() => Join(node)) { IsBackground = true, Name = "relayed link" }.Start();
        }
    }

    private void Join(Socket node)
    {
        var coordinator = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            coordinator.Connect(_coordinator);
            int? process = SocketOwner.Find((IPEndPoint)node.RemoteEndPoint!, _nodes());
            var link = new RelayedLink(node, coordinator, process);
            _links.TryAdd(link, true);
            link.Pass(WaitUntilFree);
            _links.TryRemove(link, out _);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side has closed its connection; the other one is closed below.
        }

        node.Dispose();
        coordinator.Dispose();
    }

    private void WaitUntilFree(int? process)
    {
        if (process is { } known && _held.TryGetValue(known, out ManualResetEventSlim? gate))
        {
            gate.Wait();
        }
    }
}
