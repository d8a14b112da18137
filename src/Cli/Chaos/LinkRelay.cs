using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NnCluster.Cli.Chaos;

/// <summary>
/// Relays the data links between workers and coordinator; the coordinator advertises the relay's port instead of its own.
/// The relay can hold back or damage the bytes of one worker process.
/// </summary>
internal sealed class LinkRelay : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _coordinator;
    private readonly Func<IReadOnlyList<int>> _workers;
    private readonly ConcurrentDictionary<RelayedLink, bool> _links = [];
    private readonly ConcurrentDictionary<int, ManualResetEventSlim> _held = [];

    /// <summary>Starts listening.</summary>
    /// <param name="host">Address to listen on.</param>
    /// <param name="coordinator">Address that the coordinator accepts data links on.</param>
    /// <param name="workers">Returns the ids of the worker processes that run now.</param>
    public LinkRelay(IPAddress host, IPEndPoint coordinator, Func<IReadOnlyList<int>> workers)
    {
        _coordinator = coordinator;
        _workers = workers;
        _listener.Bind(new IPEndPoint(host, 0));
        _listener.Listen(128);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        new Thread(AcceptAll) { IsBackground = true, Name = "relay" }.Start();
    }

    /// <summary>Address of the relay.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Holds back all bytes to and from a process.</summary>
    public void Hold(int process) => _held[process] = new(initialState: false);

    /// <summary>Lets the bytes pass again.</summary>
    public void Release(int process)
    {
        if (_held.TryRemove(process, out ManualResetEventSlim? gate))
        {
            gate.Set();
        }
    }

    /// <summary>Flips one bit of the next bytes.</summary>
    /// <param name="process">Id of the worker process.</param>
    /// <param name="draw">Random number that decides bit and direction.</param>
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
            // One side has closed its connection; the other one is closed below.
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
