using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Link;

public sealed class TensorListenerTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private readonly Channel<LinkRefused> _refused = Channel.CreateUnbounded<LinkRefused>();
    private readonly DataListener _listener;

    public TensorListenerTests() => _listener = Listen(new LinkOptions { HandshakeDeadline = TimeSpan.FromSeconds(5), PendingLimit = 4 });

    [Fact]
    public async Task A_token_opens_one_link_and_no_second()
    {
        using PendingLink pending = _listener.Expect(Timeout);
        using DataLink worker = await Connect(_listener, pending.Token);
        using DataLink coordinator = await pending.Link.WaitAsync(Timeout);
        await AssertRefused(_listener, pending.Token);
    }

    [Fact]
    public async Task A_token_nobody_handed_out_is_refused() => await AssertRefused(_listener, new byte[32]);

    [Fact]
    public async Task An_expired_token_is_refused_and_its_ticket_says_so()
    {
        using PendingLink pending = _listener.Expect(TimeSpan.FromMilliseconds(30));
        LinkException e = await Assert.ThrowsAsync<LinkException>(() => pending.Link.WaitAsync(Timeout));
        Assert.Equal(LinkRefusal.Timeout, e.Cause);
        await AssertRefused(_listener, pending.Token);
    }

    [Fact]
    public async Task A_token_taken_back_is_refused()
    {
        PendingLink pending = _listener.Expect(Timeout);
        pending.Dispose();
        await AssertRefused(_listener, pending.Token);
    }

    [Fact]
    public async Task Who_connects_and_leaves_is_logged_with_its_address()
    {
        using Socket scan = Raw(_listener);
        string address = $"127.0.0.1:{((IPEndPoint)scan.LocalEndPoint!).Port}";
        scan.Dispose();
        LinkRefused refused = await NextRefused();
        Assert.Equal((address, LinkRefusal.Broken), (refused.From, refused.Cause));
        Assert.StartsWith($"refused a link from {address}: ", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sends_something_else_is_refused_without_an_answer()
    {
        using Socket browser = Raw(_listener);
        browser.Send("GET / HTTP/1.1\r\nHost: coordinator\r\n\r\n"u8);
        Assert.Equal(LinkRefusal.OtherProtocol, (await NextRefused()).Cause);
        Assert.Equal(0, ReceiveUntilClosed(browser));
    }

    [Fact]
    public async Task Who_stays_silent_is_sent_away_at_the_deadline()
    {
        using DataListener listener = Listen(new LinkOptions { HandshakeDeadline = TimeSpan.FromMilliseconds(50) });
        using Socket silent = Raw(listener);
        Assert.Equal(LinkRefusal.Timeout, (await NextRefused()).Cause);
        Assert.Equal(0, ReceiveUntilClosed(silent));
    }

    [Fact]
    public async Task Silent_strangers_cannot_keep_a_worker_out()
    {
        Socket[] strangers = [.. Enumerable.Range(0, 20).Select(_ => Raw(_listener))];
        using PendingLink pending = _listener.Expect(Timeout);
        using DataLink worker = await Connect(_listener, pending.Token);
        using DataLink coordinator = await pending.Link.WaitAsync(Timeout);
        foreach (Socket stranger in strangers)
        {
            stranger.Dispose();
        }
    }

    [Fact]
    public async Task Another_wire_version_is_refused_by_name()
    {
        using Socket old = Raw(_listener);
        byte[] hello = new byte[48];
        "NNHL"u8.CopyTo(hello);
        hello[4] = 99;
        old.Send(hello);
        LinkRefused refused = await NextRefused();
        Assert.Equal(LinkRefusal.WireVersion, refused.Cause);
        Assert.Contains($"wire version 99, the coordinator {WireVersion.Current}", refused.Reason);
        Assert.InRange(ReceiveUntilClosed(old), 5, 204);
    }

    [Fact]
    public async Task A_worker_that_reaches_no_coordinator_learns_why()
    {
        using var impostor = new TcpListener(IPAddress.Loopback, 0);
        impostor.Start();
        int port = ((IPEndPoint)impostor.LocalEndpoint).Port;
        var brief = new LinkOptions { HandshakeDeadline = TimeSpan.FromMilliseconds(100) };
        LinkException silent = await Assert.ThrowsAsync<LinkException>(
            () => DataLink.ConnectAsync("localhost", port, new byte[32], LinkSecurity.None, brief).WaitAsync(Timeout));
        Assert.Equal(LinkRefusal.Timeout, silent.Cause);
        impostor.Stop();
        LinkException absent = await Assert.ThrowsAsync<LinkException>(
            () => DataLink.ConnectAsync("127.0.0.1", port, new byte[32], LinkSecurity.None, new()).WaitAsync(Timeout));
        Assert.Equal(LinkRefusal.Broken, absent.Cause);
        Assert.Contains($"127.0.0.1:{port}", absent.Message);
    }

    [Fact]
    public async Task A_listener_that_stops_ends_its_tickets()
    {
        PendingLink pending = _listener.Expect(Timeout);
        _listener.Dispose();
        Assert.Equal(LinkRefusal.Withdrawn, (await Assert.ThrowsAsync<LinkException>(() => pending.Link.WaitAsync(Timeout))).Cause);
        Assert.Equal(LinkRefusal.Broken, (await Assert.ThrowsAsync<LinkException>(() => Connect(_listener, pending.Token))).Cause);
    }

    [Fact]
    public async Task Listening_on_every_address_takes_both_families()
    {
        using var listener = new DataListener(new(IPAddress.IPv6Any, 0), LinkSecurity.None, new(), _ => { });
        foreach (string host in new[] { "127.0.0.1", "::1" })
        {
            using PendingLink pending = listener.Expect(Timeout);
            using DataLink worker = await DataLink.ConnectAsync(host, listener.EndPoint.Port, pending.Token, LinkSecurity.None, new()).WaitAsync(Timeout);
            (await pending.Link.WaitAsync(Timeout)).Dispose();
        }
    }

    [Fact]
    public void An_address_in_use_is_bad_input() =>
        Assert.Contains("cannot listen", Assert.Throws<BadInputException>(() => new DataListener(_listener.EndPoint, LinkSecurity.None, new(), _ => { })).Message);

    public void Dispose() => _listener.Dispose();

    private DataListener Listen(LinkOptions options) => new(new(IPAddress.Loopback, 0), LinkSecurity.None, options, refused => _refused.Writer.TryWrite(refused));

    private static Task<DataLink> Connect(DataListener listener, ReadOnlyMemory<byte> token) =>
        DataLink.ConnectAsync("127.0.0.1", listener.EndPoint.Port, token, LinkSecurity.None, new()).WaitAsync(Timeout);

    private static Socket Raw(DataListener listener)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };
        socket.Connect(listener.EndPoint);
        return socket;
    }

    private static int ReceiveUntilClosed(Socket socket)
    {
        byte[] buffer = new byte[1000];
        int total = 0;
        try
        {
            while (socket.Receive(buffer) is > 0 and int read)
            {
                total += read;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }

        return total;
    }

    private async Task AssertRefused(DataListener listener, ReadOnlyMemory<byte> token)
    {
        LinkException e = await Assert.ThrowsAsync<LinkException>(() => Connect(listener, token));
        Assert.Equal(LinkRefusal.Token, e.Cause);
        Assert.Equal(LinkRefusal.Token, (await NextRefused()).Cause);
    }

    private Task<LinkRefused> NextRefused() => _refused.Reader.ReadAsync().AsTask().WaitAsync(Timeout);
}
