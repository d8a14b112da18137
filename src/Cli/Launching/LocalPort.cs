using System.Net;
using System.Net.Sockets;

namespace NnCluster.Cli.Launching;

/// <summary>TCP ports of this machine.</summary>
internal static class LocalPort
{
    /// <summary>A port that is free now; another process may take it before it is used.</summary>
    public static int FindFree()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
