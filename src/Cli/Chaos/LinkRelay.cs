using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
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
/// Stands between the workers' links and the coordinator, who advertises it in place of his own port. It can hold back
/// or damage what passes to and from one worker's process.
/// </summary>
internal sealed class LinkRelay : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _coordinator;
    private readonly Func<IReadOnlyList<int>> _workers;
    private readonly ConcurrentDictionary<RelayedLink, bool> _links = [];
    private readonly ConcurrentDictionary<int, ManualResetEventSlim> _held = [];

    /// <summary>Listens at once.</summary>
    /// <param name="host">The address to listen on.</param>
    /// <param name="coordinator">Where the coordinator's links come in.</param>
    /// <param name="workers">The processes of the workers at the moment.</param>
    public LinkRelay(IPAddress host, IPEndPoint coordinator, Func<IReadOnlyList<int>> workers)
    {
        _coordinator = coordinator;
        _workers = workers;
        _listener.Bind(new IPEndPoint(host, 0));
        _listener.Listen(128);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        new Thread(AcceptAll) { IsBackground = true, Name = "relay" }.Start();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Holds back everything to and from a process.</summary>
    public void Hold(int process) => _held[process] = new(initialState: false);

    /// <summary>Lets it pass again.</summary>
    public void Release(int process)
    {
        if (_held.TryRemove(process, out ManualResetEventSlim? gate))
        {
            gate.Set();
        }
    }

    /// <summary>Turns over one bit of what passes next.</summary>
    /// <param name="process">The worker.</param>
    /// <param name="draw">Decides which bit, and which way it goes.</param>
    /// <param name="strikes">Called in that moment.</param>
    /// <returns>Done when it has passed.</returns>
    public Task DamageAsync(int process, uint draw, Action strikes)
    {
        var damage = new BitDamage(draw, strikes);
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
            Socket worker;
            try
            {
                worker = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            new Thread(() => Join(worker)) { IsBackground = true, Name = "relayed link" }.Start();
        }
    }

    private void Join(Socket worker)
    {
        var coordinator = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            coordinator.Connect(_coordinator);
            int? process = SocketOwner.Find((IPEndPoint)worker.RemoteEndPoint!, _workers());
            var link = new RelayedLink(worker, coordinator, process);
            _links.TryAdd(link, true);
            link.Pass(WaitUntilFree);
            _links.TryRemove(link, out _);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Either side is gone: the other one learns it from its own connection.
        }

        worker.Dispose();
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
