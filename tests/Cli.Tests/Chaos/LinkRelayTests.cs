using System.Net;
using System.Net.Sockets;
using System.Numerics;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Chaos;

public sealed class LinkRelayTests : IDisposable
{
    private static readonly int Here = Environment.ProcessId;

    private readonly TcpListener _coordinator = new(IPAddress.Loopback, 0);
    private readonly LinkRelay _relay;
    private readonly TcpClient _worker = new(AddressFamily.InterNetwork);
    private readonly TcpClient _link;

    public LinkRelayTests()
    {
        _coordinator.Start();
        _relay = new(IPAddress.Loopback, (IPEndPoint)_coordinator.LocalEndpoint, () => [Here]);
        _worker.Connect(_relay.EndPoint);
        _link = _coordinator.AcceptTcpClient();
        _worker.ReceiveTimeout = _link.ReceiveTimeout = 10_000;
        // Once something has passed, the relay knows whose connection it is.
        Assert.Equal([1, 2], Pass(_worker, _link, [1, 2]));
    }

    [Fact]
    public void What_passes_is_unchanged_both_ways()
    {
        byte[] bytes = new byte[300_000];
        new Random(4).NextBytes(bytes);
        Assert.Equal(bytes, Pass(_worker, _link, bytes));
        Assert.Equal(bytes, Pass(_link, _worker, bytes));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0b1_0000_0100u)]
    [InlineData(1u)]
    [InlineData(0x1234_5673u)]
    public async Task Damage_turns_over_one_bit_once_in_the_direction_it_was_drawn_for(uint draw)
    {
        bool injected = false;
        Task done = _relay.DamageAsync(Here, draw, () => injected = true);
        (TcpClient from, TcpClient to) = (draw & 1) == 0 ? (_worker, _link) : (_link, _worker);
        byte[] bytes = new byte[500];
        Assert.Equal(bytes, Pass(to, from, bytes));
        Assert.False(injected);
        Assert.Equal(1, Pass(from, to, bytes).Sum(b => BitOperations.PopCount(b)));
        await done;
        Assert.True(injected);
        Assert.Equal(bytes, Pass(from, to, bytes));
    }

    [Fact]
    public void What_is_held_back_arrives_whole_when_it_is_released()
    {
        _relay.Hold(Here);
        _worker.GetStream().Write([7, 8, 9]);
        Assert.False(_link.Client.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead));
        _relay.Release(Here);
        byte[] arrived = new byte[3];
        _link.GetStream().ReadExactly(arrived);
        Assert.Equal([7, 8, 9], arrived);
    }

    [Fact]
    public void The_end_of_one_side_is_the_end_of_the_other()
    {
        _worker.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, _link.GetStream().Read(new byte[1]));
    }

    public void Dispose()
    {
        _relay.Dispose();
        _worker.Dispose();
        _link.Dispose();
        _coordinator.Dispose();
    }

    private static byte[] Pass(TcpClient from, TcpClient to, byte[] bytes)
    {
        byte[] arrived = new byte[bytes.Length];
        Task writing = Task.Run(() => from.GetStream().Write(bytes));
        to.GetStream().ReadExactly(arrived);
        writing.GetAwaiter().GetResult();
        return arrived;
    }
}
