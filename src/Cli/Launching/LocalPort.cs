using System.Net;
using System.Net.Sockets;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

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
