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
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Cluster.Tests.Link;

public sealed class DataLinkTlsTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private readonly Authority _authority = new("ours");
    private readonly Channel<LinkRefused> _refused = Channel.CreateUnbounded<LinkRefused>();

    [Fact]
    public async Task Two_certificates_of_one_authority_make_a_link()
    {
        using LinkedPair pair = await LinkedPair.Open(
            300_000, coordinator: LinkSecurity.WithTls(_authority.Identity()), worker: LinkSecurity.WithTls(_authority.Identity("worker-1")));
        for (int turn = 0; turn < 3; turn++)
        {
            pair.Coordinator.Link.Send(new WeightsFrame(1, new(1, RoundKind.Gradient), new(0, 1), pair.Weights.RentFilled(turn)));
            RefCountedBuffer weights = (await pair.Worker.Next<WeightsFrame>()).Weights;
            Assert.Equal(Pools.Values(pair.Weights, turn), weights.Span.ToArray());
            weights.Release();
        }

        pair.Worker.Link.Close("done");
        Assert.True((await pair.Coordinator.Closed).Expected);
        Assert.True((await pair.Worker.Closed).Expected);
        pair.Weights.AssertAllReturned();
    }

    [Fact]
    public async Task A_worker_of_another_authority_is_refused_and_logged()
    {
        using var foreign = new Authority("theirs");
        TlsIdentity worker = new(foreign.Assign("worker-1"), _authority.Identity().Authorities);
        await AssertRefused(_authority.Identity(), LinkSecurity.WithTls(worker));
        await AssertMistrusted("CN=worker-1");
    }

    [Fact]
    public async Task A_worker_whose_certificate_has_expired_is_refused_and_logged()
    {
        await AssertRefused(_authority.Identity(), LinkSecurity.WithTls(_authority.Identity("worker-1", expired: true)));
        await AssertMistrusted("CN=worker-1");
    }

    [Fact]
    public async Task A_worker_without_tls_is_refused()
    {
        await AssertRefused(_authority.Identity(), LinkSecurity.None);
        Assert.Equal(LinkRefusal.Broken, (await NextRefused()).Cause);
    }

    [Fact]
    public async Task A_worker_refuses_a_coordinator_of_another_authority()
    {
        using var foreign = new Authority("theirs");
        TlsIdentity coordinator = new(foreign.Assign("localhost"), _authority.Identity().Authorities);
        LinkException e = await AssertRefused(coordinator, LinkSecurity.WithTls(_authority.Identity("worker-1")));
        Assert.Equal(LinkRefusal.Untrusted, e.Cause);
        Assert.Contains("\"CN=localhost\"", e.Message);
    }

    [Fact]
    public async Task A_worker_refuses_a_coordinator_whose_certificate_names_another_host()
    {
        LinkException e = await AssertRefused(_authority.Identity("elsewhere"), LinkSecurity.WithTls(_authority.Identity("worker-1")));
        Assert.Equal(LinkRefusal.Untrusted, e.Cause);
        Assert.Contains("does not name this host", e.Message);
    }

    [Fact]
    public async Task Noise_instead_of_a_tls_greeting_is_refused_and_the_listener_lives_on()
    {
        using DataListener listener = Listen(_authority.Identity());
        var random = new Random(1);
        for (int i = 0; i < 20; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(listener.EndPoint);
            byte[] noise = new byte[1 + random.Next(3000)];
            random.NextBytes(noise);
            socket.Send(noise);
            socket.Shutdown(SocketShutdown.Send);
            Assert.NotEqual(LinkRefusal.Untrusted, (await NextRefused()).Cause);
        }

        using PendingLink pending = listener.Expect(Timeout);
        using DataLink worker = await DataLink.ConnectAsync(
            "localhost", listener.EndPoint.Port, pending.Token, LinkSecurity.WithTls(_authority.Identity("worker-1")), new());
        (await pending.Link.WaitAsync(Timeout)).Dispose();
    }

    public void Dispose() => _authority.Dispose();

    private async Task<LinkException> AssertRefused(TlsIdentity coordinator, LinkSecurity worker)
    {
        using DataListener listener = Listen(coordinator);
        using PendingLink pending = listener.Expect(Timeout);
        LinkException e = await Assert.ThrowsAsync<LinkException>(
            () => DataLink.ConnectAsync("localhost", listener.EndPoint.Port, pending.Token, worker, new()).WaitAsync(Timeout));
        Assert.False(pending.Link.IsCompletedSuccessfully);
        return e;
    }

    private DataListener Listen(TlsIdentity identity) =>
        new(new(IPAddress.Loopback, 0), LinkSecurity.WithTls(identity), new(), refused => _refused.Writer.TryWrite(refused));

    private async Task AssertMistrusted(string name)
    {
        LinkRefused refused = await NextRefused();
        Assert.Equal(LinkRefusal.Untrusted, refused.Cause);
        Assert.Contains($"\"{name}\"", refused.Reason);
    }

    private Task<LinkRefused> NextRefused() => _refused.Reader.ReadAsync().AsTask().WaitAsync(Timeout);
}
