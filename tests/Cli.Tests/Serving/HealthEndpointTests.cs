using System.Net;
using System.Net.Sockets;
using System.Text;
using NnCluster.Cli.Serving;
using NnCluster.Control;
using NnCluster.Telemetry;

namespace NnCluster.Cli.Tests.Serving;

/// <summary>Responses to the probes of a supervisor, and to other requests.</summary>
public sealed class HealthEndpointTests : IAsyncLifetime
{
    private HealthEndpoint _endpoint = null!;

    private static readonly HealthReport Now = new(true, false, "waiting at step 0 of 10: no worker yet");

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200 OK", "waiting at step 0 of 10: no worker yet\n")]
    [InlineData("GET /healthz?verbose=1 HTTP/1.0\r\n\r\n", "200 OK", "waiting at step 0 of 10: no worker yet\n")]
    [InlineData("GET /readyz HTTP/1.0\r\n\r\n", "503 Service Unavailable", "waiting at step 0 of 10: no worker yet\n")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "404 Not Found", "only GET /healthz, /readyz and /metrics are answered\n")]
    [InlineData("GET /healthz/../etc/passwd HTTP/1.0\r\n\r\n", "404 Not Found", "only GET /healthz, /readyz and /metrics are answered\n")]
    [InlineData("POST /healthz HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed", "only GET /healthz, /readyz and /metrics are answered\n")]
    [InlineData("GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200 OK", "waiting at step 0 of 10: no worker yet\n")]
    public async Task Each_request_gets_its_status_and_one_line(string request, string status, string line)
    {
        string answer = await AskAsync(Encoding.Latin1.GetBytes(request));
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        string[] parts = answer.Split("\r\n\r\n");
        Assert.Equal(2, parts.Length);
        Assert.Equal(line, parts[1]);
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/2\r\n\r\n", "400")]
    [InlineData("\u0016\u0003\u0001 \u00ff\u0000 /\r\n\r\n", "400")]
    [InlineData("GET /healthz HTTP/1.1\r\n\r\n", "400")]
    public async Task Other_protocols_are_refused(string request, string status) =>
        Assert.StartsWith($"HTTP/1.1 {status} ", await AskAsync(Encoding.Latin1.GetBytes(request)), StringComparison.Ordinal);

    [Fact]
    public async Task Metrics_are_those_of_the_meter_and_of_the_runtime()
    {
        RunMeter.Lost.Add(3, new KeyValuePair<string, object?>("cause", "a test"));
        string answer = await AskAsync("GET /metrics HTTP/1.0\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("# TYPE nncluster_participants_lost_total counter\n", answer, StringComparison.Ordinal);
        Assert.Matches("nncluster_participants_lost_total\\{[^}]*cause=\"a test\"[^}]*\\} 3", answer);
        Assert.Contains("dotnet_gc_pause_time_seconds_total{", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_without_end_is_refused()
    {
        string answer = await AskAsync(Encoding.Latin1.GetBytes("GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + new string('x', 3 * HealthEndpoint.MostHead)));
        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_the_framework_understands_it_again_and_again_over_both_families()
    {
        using var client = new HttpClient();
        foreach (string host in new[] { "127.0.0.1", "127.0.0.1", Socket.OSSupportsIPv6 ? "[::1]" : "127.0.0.1" })
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri($"http://{host}:{_endpoint.Port}/healthz"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Silent_and_broken_callers_are_let_go_and_others_are_answered()
    {
        List<Socket> silent = [];
        for (int i = 0; i < HealthEndpoint.MostConnections + 8; i++)
        {
            silent.Add(await ConnectAsync());
            if (i % 2 == 0)
            {
                await silent[i].SendAsync("GET /he"u8.ToArray());
            }

            if (i % 3 == 0)
            {
                silent[i].LingerState = new(true, 0);
                silent[i].Dispose();
            }
        }

        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync("GET /healthz HTTP/1.0\r\n\r\n"u8.ToArray()), StringComparison.Ordinal);
        foreach (Socket socket in silent.Where(socket => socket.Connected))
        {
            // Closed by the other side, after an answer or without, with a reset where it left bytes unread.
            try
            {
                while (await socket.ReceiveAsync(new byte[1024]) > 0)
                {
                }
            }
            catch (SocketException e)
            {
                Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
            }

            socket.Dispose();
        }
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var error = await Assert.ThrowsAsync<BadInputException>(() => HealthEndpoint.OpenAsync(port, () => Now));
        Assert.StartsWith($"--health-port {port}: cannot be listened on: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_port_there_is_no_endpoint() => Assert.Null(await HealthEndpoint.OpenAsync(null, () => Now));

    [Fact]
    public async Task A_closed_endpoint_refuses_connections()
    {
        int port = _endpoint.Port;
        await _endpoint.DisposeAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, port));
    }

    public async Task InitializeAsync() => _endpoint = (await HealthEndpoint.OpenAsync(0, () => Now))!;

    public async Task DisposeAsync() => await _endpoint.DisposeAsync();

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _endpoint.Port);
        return socket;
    }

    private async Task<string> AskAsync(byte[] request)
    {
        using Socket socket = await ConnectAsync();
        await socket.SendAsync(request);
        var answer = new MemoryStream();
        byte[] buffer = new byte[1024];
        for (int read; (read = await socket.ReceiveAsync(buffer)) > 0;)
        {
            answer.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
