using System.Net.Sockets;

namespace NnCluster.Cli.Chaos;

/// <summary>One data link through the relay.</summary>
/// <param name="worker">Connection to the worker process.</param>
/// <param name="coordinator">Connection to the coordinator.</param>
/// <param name="process">Id of the worker process; null if it is not known.</param>
internal sealed class RelayedLink(Socket worker, Socket coordinator, int? process) : IDisposable
{
    private const int Chunk = 1 << 16;

    private BitDamage? _damage;

    /// <summary>Id of the worker process; null if it is not known.</summary>
    public int? Process => process;

    /// <summary>Damages the next bytes.</summary>
    public void Damage(BitDamage damage) => Volatile.Write(ref _damage, damage);

    /// <summary>Relays both directions until both sides have closed.</summary>
    /// <param name="wait">Called with the id of the worker process before each chunk; may block.</param>
    public void Pass(Action<int?> wait)
    {
        worker.NoDelay = true;
        coordinator.NoDelay = true;
        var back = new Thread(() => Copy(coordinator, worker, fromWorker: false, wait)) { IsBackground = true, Name = "relayed link" };
        back.Start();
        Copy(worker, coordinator, fromWorker: true, wait);
        back.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        worker.Dispose();
        coordinator.Dispose();
    }

    private void Copy(Socket from, Socket to, bool fromWorker, Action<int?> wait)
    {
        byte[] buffer = new byte[Chunk];
        try
        {
            int count;
            while ((count = from.Receive(buffer)) > 0)
            {
                wait(process);
                if (Volatile.Read(ref _damage) is { } damage && damage.FromWorker == fromWorker)
                {
                    damage.Apply(buffer.AsSpan(0, count));
                    Volatile.Write(ref _damage, null);
                }

                for (int sent = 0; sent < count;)
                {
                    sent += to.Send(buffer, sent, count - sent, SocketFlags.None);
                }
            }

            wait(process);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Dispose();
        }
    }
}
