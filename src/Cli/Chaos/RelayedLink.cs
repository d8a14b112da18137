using System.Net.Sockets;

namespace NnCluster.Cli.Chaos;

/// <summary>One data link through the relay.</summary>
/// <param name="node">Connection to the node.</param>
/// <param name="coordinator">Connection to the coordinator.</param>
/// <param name="process">Process id of the node; null if it is not known.</param>
internal sealed class RelayedLink(Socket node, Socket coordinator, int? process) : IDisposable
{
    private const int Chunk = 1 << 16;

    private BitDamage? _damage;

    /// <summary>Process id of the node; null if it is not known.</summary>
    public int? Process => process;

    /// <summary>Damages the next bytes.</summary>
    public void Damage(BitDamage damage) => Volatile.Write(ref _damage, damage);

    /// <summary>Relays both directions until both sides have closed.</summary>
    /// <param name="wait">Called with the process id of the node before each chunk; may block.</param>
    public void Pass(Action<int?> wait)
    {
        node.NoDelay = true;
        coordinator.NoDelay = true;
        var back = new Thread(() => Copy(coordinator, node, fromNode: false, wait)) { IsBackground = true, Name = "relayed link" };
        back.Start();
        Copy(node, coordinator, fromNode: true, wait);
        back.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        node.Dispose();
        coordinator.Dispose();
    }

    private void Copy(Socket from, Socket to, bool fromNode, Action<int?> wait)
    {
        byte[] buffer = new byte[Chunk];
        try
        {
            int count;
            while ((count = from.Receive(buffer)) > 0)
            {
                wait(process);
                if (Volatile.Read(ref _damage) is { } damage && damage.FromNode == fromNode)
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
