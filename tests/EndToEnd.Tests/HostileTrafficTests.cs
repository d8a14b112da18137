using System.Buffers.Binary;
using System.IO.Hashing;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using NnCluster.AkkaSupport;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.EndToEnd.Tests;

/// <summary>A run ends with the same bits, whatever unauthenticated peers and faulty nodes send to its two ports.</summary>
public sealed class HostileTrafficTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly SmallCluster _cluster = new();
    private readonly int _linkPort = SmallCluster.FreePort();

    private int[] Ports => [_cluster.Port, _linkPort];

    [Theory]
    [InlineData("nothing")]
    [InlineData("a cookie")]
    [InlineData("certificates")]
    public async Task Strangers_on_either_port_cost_a_run_nothing(string protection)
    {
        string[] options = Protect(protection);
        NnClusterProcess coordinator = Coordinator(options);
        NnClusterProcess stays = _cluster.Worker("stays", options);
        NnClusterProcess victim = _cluster.Worker("victim", options);
        coordinator.Follow.WaitForJoin();
        coordinator.Follow.WaitForJoin();
        // While it computes ...
        Task<List<Socket>> silent = Task.Run<List<Socket>>(() => [.. Ports.SelectMany(port => Enumerable.Range(0, 60).Select(_ => Connect(port)))]);
        Task<List<int>> noisy = Task.Run<List<int>>(() => [.. Enumerable.Range(0, 10).SelectMany(round => Ports.SelectMany(port => Noise(round).Select(bytes => Say(port, bytes))))]);
        coordinator.Follow.WaitForEpoch(5);
        // ... and while it waits for a worker, so that it is not over before they are.
        NnClusterProcess.Signal(victim.Id, SmallCluster.SigKill);
        coordinator.Follow.WaitForPause(1, 2);
        foreach (Socket socket in await silent)
        {
            AssertHungUpOn(socket);
        }

        await AssertStrangersAreRefused(protection, Load(options));
        ProcessResult result = SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, stays, _cluster.Worker("next", options));
        Assert.All((await noisy).Where(port => port < 0), port => Assert.Contains($"refused a link from 127.0.0.1:{-port}: ", result.Error, StringComparison.Ordinal));
        AssertLogged(protection, result.Error);
    }

    [Fact]
    public async Task A_node_that_lies_on_its_link_is_cut_off_and_its_shards_computed_by_others()
    {
        string[] options = Protect("certificates");
        NnClusterProcess coordinator = Coordinator(options);
        NnClusterProcess honest = _cluster.Worker("honest", options);
        coordinator.Follow.WaitForJoin("honest.1");
        using var rogue = new RogueNode(_cluster.Port, Load(options));
        foreach ((string name, string reason, Action<Liar> lie) in Lies)
        {
            var welcome = Assert.IsType<RegistrationAccepted>(await rogue.RegisterAsync(name));
            using Stream link = rogue.OpenLink(welcome);
            using var liar = new Liar(link, welcome);
            liar.Ready();
            lie(liar);
            string loss = coordinator.Follow.WaitForLoss($"{name}.1");
            Assert.True(reason.Split('|').Any(part => loss.Contains(part, StringComparison.Ordinal)), $"{name}: {loss}");
        }

        SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, honest, _cluster.Worker("next", options));
    }

    [Fact]
    public async Task A_node_that_fails_whatever_it_is_given_is_refused_and_its_shards_computed_by_others()
    {
        NnClusterProcess coordinator = Coordinator([]);
        NnClusterProcess honest = _cluster.Worker("honest");
        using var rogue = new RogueNode(_cluster.Port, LinkSecurity.None);
        var welcome = Assert.IsType<RegistrationAccepted>(await rogue.RegisterAsync("unwell"));
        using var weights = new BufferPool(ParameterLayout.For(RunSpecJson.Parse(welcome.Run, "welcome").Model).StateLength);
        using DataLink link = await DataLink.ConnectAsync("127.0.0.1", (int)welcome.LinkPort, welcome.LinkToken, LinkSecurity.None, new());
        var goodbye = new TaskCompletionSource<GoodbyeFrame>(TaskCreationOptions.RunContinuationsAsynchronously);
        link.Start(
            new() { Weights = weights },
            frame =>
            {
                switch (frame)
                {
                    case WeightsFrame order:
                        order.Weights.Release();
                        link.Send(new FailedFrame(welcome.Term, order.Round, order.Shards, "out of memory"));
                        break;
                    case ComputeFrame order:
                        link.Send(new FailedFrame(welcome.Term, order.Round, order.Shards, "out of memory"));
                        break;
                    case GoodbyeFrame last:
                        goodbye.TrySetResult(last);
                        break;
                }
            },
            closed => goodbye.TrySetException(new InvalidOperationException(closed.Reason)));
        link.Send(new ReadyFrame(welcome.Term));
        Assert.Equal("refused after 3 errors in a row: out of memory", coordinator.Follow.WaitForLoss("unwell.1"));
        Assert.Equal(new GoodbyeFrame("refused after 3 errors in a row: out of memory", GoodbyeKind.Refused), await goodbye.Task.WaitAsync(Timeout));
        SmallCluster.AssertSameBits(coordinator, SmallCluster.Long, honest, _cluster.Worker("next"));
    }

    private static IEnumerable<(string Name, string Reason, Action<Liar> Lie)> Lies =>
    [
        ("flooding", "it sent more answers than it was asked for", liar => liar.Repeat(5000, () => liar.Sum(subtree: 8))),
        ("foretelling", "it sent more answers than it was asked for", liar => liar.Repeat(20, () => liar.Sum(subtree: 1))),
        ("outside", "it sent the sum of subtree 16, and the tree has 8 shards, subtrees 1 to 15", liar => liar.Sum(subtree: 16)),
        ("short", "a tensor of 100 floats, those of this run have", liar => liar.Bytes(SumHeader(step: 0, length: 400))),
        ("oversized", "a tensor of 536870911 floats, those of this run have", liar => liar.Bytes(SumHeader(step: 0, length: int.MaxValue - 3))),
        ("cut", "the connection ended in the middle of a frame", liar => liar.Bytes(new byte[30])),
        ("babbling", "expected a frame, found bytes that begin with", liar => liar.Bytes(RandomNumberGenerator.GetBytes(500))),
        ("insisting", "it sent a second Ready frame", liar => liar.Ready()),
        // The coordinator may act on the first three failures before the link has counted all of them.
        ("failing", "it sent more answers than it was asked for|refused after 3 errors in a row", liar => liar.Repeat(5000, liar.Failure)),
        ("pointing", "a frame with index 4 of a region of 4 buffers", liar => liar.Point(index: 4)),
        ("presuming", "a RegionsMapped frame came that was not due", liar => liar.Repeat(2, liar.Map)),
        ("commanding", "a Compute frame came from the Worker", liar => liar.Bytes(Header<ComputeFrame, AssignmentFields>(new(1, new(0, RoundKind.Gradient), new(0, 8)), 0, PayloadEncoding.Bytes))),
    ];

    public void Dispose() => _cluster.Dispose();

    private NnClusterProcess Coordinator(string[] options) =>
        _cluster.Coordinator(["--min-workers", "2", "--link-port", $"{_linkPort}", .. options], epochs: SmallCluster.Long);

    private string[] Protect(string how)
    {
        switch (how)
        {
            case "a cookie":
                File.WriteAllText(_cluster.Directory["cookie"], Convert.ToHexString(RandomNumberGenerator.GetBytes(16)));
                return ["--cookie-file", _cluster.Directory["cookie"]];
            case "certificates":
                return new Certificates(_cluster.Directory["tls"], IPAddress.Loopback).Options;
            default:
                return [];
        }
    }

    private static LinkSecurity Load(string[] options)
    {
        string? Value(string name) => options.SkipWhile(option => option != name).Skip(1).FirstOrDefault();
        return LinkSecurity.Load(Value("--tls-cert"), Value("--tls-key"), Value("--tls-ca"), Value("--cookie-file"));
    }

    /// <summary>Peers that speak the cluster's protocols without the right to are refused.</summary>
    private async Task AssertStrangersAreRefused(string protection, LinkSecurity ours)
    {
        using (var rogue = new RogueNode(_cluster.Port, ours))
        {
            // A message of a type that is not listed, one for the serializer that makes any type, and plain nonsense.
            using var payload = new MemoryStream();
            new Hyperion.Serializer().Serialize(new Version(6, 6, 6), payload);
            rogue.Forge(-5, "", payload.ToArray());
            rogue.Forge(1, typeof(System.Diagnostics.Process).AssemblyQualifiedName!, "{}"u8.ToArray());
            rogue.Forge(-5, "", RandomNumberGenerator.GetBytes(100));
            rogue.AskNobody();
            // The connection still carries valid messages.
            var welcome = Assert.IsType<RegistrationAccepted>(await rogue.RegisterAsync("guest"));
            using (rogue.OpenLink(welcome))
            {
                Assert.Contains("its token is unknown, used or expired", Assert.Throws<LinkException>(() => rogue.OpenLink(welcome)).Message, StringComparison.Ordinal);
            }

            var guess = welcome with { LinkToken = RandomNumberGenerator.GetBytes(32) };
            Assert.Contains("its token is unknown", Assert.Throws<LinkException>(() => rogue.OpenLink(guess)).Message, StringComparison.Ordinal);
        }

        switch (protection)
        {
            case "a cookie":
                await AssertRefused(LinkSecurity.WithCookie(RandomNumberGenerator.GetBytes(16)), "the cookies differ");
                await AssertRefused(LinkSecurity.None, "the other side gave none");
                break;
            case "certificates":
                string[] foreign = new Certificates(_cluster.Directory["foreign"], IPAddress.Loopback).Options;
                var impostor = LinkSecurity.WithTls(new(Load(foreign).Tls!.Certificate, ours.Tls!.Authorities));
                using (var rogue = new RogueNode(_cluster.Port, impostor))
                {
                    await Assert.ThrowsAsync<TimeoutException>(() => rogue.RegisterAsync("impostor").WaitAsync(TimeSpan.FromSeconds(2)));
                    Assert.ThrowsAny<Exception>(() => rogue.OpenLink(new("", "", 1, "", _linkPort, new byte[32], "", "", 0)));
                }

                break;
        }
    }

    private async Task AssertRefused(LinkSecurity security, string reason)
    {
        using var rogue = new RogueNode(_cluster.Port, security);
        Assert.Contains(reason, Assert.IsType<RegistrationRefused>(await rogue.RegisterAsync("stranger\nworker forged joined")).Reason, StringComparison.Ordinal);
    }

    private static void AssertLogged(string protection, string log)
    {
        string[] expected =
        [
            "it did not introduce itself in time",
            "more than 32 at once had yet to introduce themselves",
            "Handshake timed out after [5000] ms",
            "its token is unknown, used or expired",
            "warning: Deserialization failed for message with serializer id [6]",
            .. protection switch
            {
                "a cookie" => new[] { "refused stranger-worker-forged-joined: the cookies differ", "refused stranger-worker-forged-joined: the cluster has a cookie and the other side gave none" },
                "certificates" => ["Rejected incoming connection from", "on the control plane: certificate \"CN=node\" is not to be trusted", "refused a link from 127.0.0.1:"],
                _ => [],
            },
            .. protection == "certificates" ? [] : new[] { "it is no worker of NnCluster", "Adjusted frame length exceeds", "Error while decoding incoming Akka PDU" },
        ];
        Assert.All(expected, line => Assert.Contains(line, log, StringComparison.Ordinal));
        Assert.DoesNotContain("\nworker forged joined", log, StringComparison.Ordinal);
    }

    // A port scan, other protocols, random bytes, and frames whose length is wrong.
    private static byte[][] Noise(int round)
    {
        var random = new Random(round);
        byte[] bytes = new byte[500 + random.Next(3000)];
        random.NextBytes(bytes);
        byte[] huge = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(huge, int.MaxValue);
        byte[] cut = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(cut, bytes.Length + 100);
        byte[] whole = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(whole, bytes.Length - 4);
        return [[], "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), bytes, huge, cut, whole, SumHeader(step: 1, length: int.MaxValue - 3)];
    }

    private static byte[] SumHeader(long step, int length) =>
        Header<SubtreeSumFrame, NodeSumCodec.SumFields>(new(1, new(step, RoundKind.Gradient), 1, 0), length, PayloadEncoding.Float32);

    private static byte[] Header<TFrame, TFields>(TFields fields, int length, PayloadEncoding encoding, ulong hash = 0)
        where TFields : unmanaged
    {
        byte[] bytes = new byte[FrameHeader.Size];
        FrameHeader.FieldsOf(bytes).Put(fields);
        FrameHeader.Seal(bytes, FrameCodecs.All.Single(codec => codec.FrameType == typeof(TFrame)).Kind, encoding, length, hash);
        return bytes;
    }

    private static Socket Connect(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Timeout.TotalMilliseconds };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Sends bytes and closes the connection.</summary>
    /// <returns>The sender's port, negative if the bytes went to the port of the links.</returns>
    private int Say(int port, byte[] bytes)
    {
        using Socket socket = Connect(port);
        int from = ((IPEndPoint)socket.LocalEndPoint!).Port;
        try
        {
            socket.Send(bytes);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer closed the connection first.
        }

        return port == _linkPort ? -from : from;
    }

    private static void AssertHungUpOn(Socket socket)
    {
        using (socket)
        {
            try
            {
                // Akka.Remote sends a disassociation first.
                byte[] last = new byte[1000];
                while (socket.Receive(last) > 0)
                {
                }
            }
            catch (SocketException e)
            {
                Assert.NotEqual(SocketError.TimedOut, e.SocketErrorCode);
            }
        }
    }

    /// <summary>A node's end of a link that sends what no worker would.</summary>
    private sealed class Liar(Stream link, RegistrationAccepted welcome) : IDisposable
    {
        private readonly FrameWriter _writer = new(link, new TcpTransport(), new());
        private readonly BufferPool _sums = new(ParameterLayout.For(RunSpecJson.Parse(welcome.Run, "welcome").Model).GradientLength);

        public void Ready() => _writer.Write(new ReadyFrame(welcome.Term));

        public void Failure() => _writer.Write(new FailedFrame(welcome.Term, new(0, RoundKind.Gradient), new(0, 8), "so it says"));

        // A sum of a step far away: a wrong sum of the present step would be added, since this test's node is admitted.
        public void Sum(int subtree)
        {
            RefCountedBuffer sum = _sums.Rent();
            _writer.Write(new SubtreeSumFrame(welcome.Term, new(1_000_000, RoundKind.Gradient), new(subtree), sum));
            sum.Release();
        }

        public void Map() => _writer.Write(new RegionsMappedFrame());

        public void Point(int index)
        {
            Map();
            byte[] payload = BitConverter.GetBytes(index);
            var fields = new NodeSumCodec.SumFields(welcome.Term, new(0, RoundKind.Gradient), 1, 0);
            Bytes([.. Header<SubtreeSumFrame, NodeSumCodec.SumFields>(fields, payload.Length, PayloadEncoding.Float32Index, XxHash3.HashToUInt64(payload)), .. payload]);
        }

        // Sends bytes as the last ones. The socket stays open to reads: a closed one would answer the next assignment with
        // a reset, which may overtake these bytes.
        public void Bytes(byte[] bytes)
        {
            link.Write(bytes);
            ((SslStream)link).ShutdownAsync().Wait(Timeout);
        }

        public void Repeat(int times, Action lie)
        {
            try
            {
                for (int i = 0; i < times; i++)
                {
                    lie();
                }
            }
            catch (IOException)
            {
                // The link was closed, as it should be.
            }
        }

        public void Dispose() => _sums.Dispose();
    }
}
