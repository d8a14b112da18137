using System.Net;
using System.Net.Sockets;
using System.Text;
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

namespace NnCluster.Cli.Tests.Options;

/// <summary>Responses to the probes of a supervisor, and to other requests.</summary>
public sealed class HealthEndpointTests : IDisposable
{
    private readonly HealthEndpoint _endpoint = HealthEndpoint.Open(0, () => Now)!;

    private static readonly HealthReport Now = new(true, false, "waiting at step 0 of 10: no worker yet");

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "waiting at step 0 of 10: no worker yet\n")]
    [InlineData("GET /healthz?verbose=1 HTTP/1.0\r\n\r\n", "200 OK", "waiting at step 0 of 10: no worker yet\n")]
    [InlineData("GET /readyz HTTP/1.1\r\n\r\n", "503 Service Unavailable", "waiting at step 0 of 10: no worker yet\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "404 Not Found", "only /healthz and /readyz are here\n")]
    [InlineData("GET /healthz/../etc/passwd HTTP/1.1\r\n\r\n", "404 Not Found", "only /healthz and /readyz are here\n")]
    [InlineData("POST /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed", "only GET is answered\n")]
    [InlineData("\r\n\r\n", "400 Bad Request", "this is no HTTP/1 request\n")]
    [InlineData("GET http://x/healthz HTTP/1.1\r\n\r\n", "400 Bad Request", "this is no HTTP/1 request\n")]
    [InlineData("GET /healthz HTTP/2\r\n\r\n", "400 Bad Request", "this is no HTTP/1 request\n")]
    [InlineData("\u0016\u0003\u0001 \u00ff\u0000 /\r\n\r\n", "400 Bad Request", "this is no HTTP/1 request\n")]
    public async Task Each_request_gets_its_status_and_one_line(string request, string status, string line)
    {
        string answer = await AskAsync(Encoding.Latin1.GetBytes(request));
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        string[] parts = answer.Split("\r\n\r\n");
        Assert.Equal(2, parts.Length);
        Assert.Equal(line, parts[1]);
        Assert.Contains($"Content-Length: {line.Length}\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_without_end_is_refused()
    {
        string answer = await AskAsync(Encoding.Latin1.GetBytes("GET /healthz HTTP/1.1\r\nX: " + new string('x', 3 * HealthEndpoint.MostHead)));
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

        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync("GET /healthz HTTP/1.1\r\n\r\n"u8.ToArray()), StringComparison.Ordinal);
        foreach (Socket socket in silent.Where(socket => socket.Connected))
        {
            // Closed by the other side, with a reset where it left bytes unread.
            try
            {
                Assert.Equal(0, await socket.ReceiveAsync(new byte[1]));
            }
            catch (SocketException e)
            {
                Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
            }

            socket.Dispose();
        }
    }

    [Fact]
    public void A_port_in_use_is_one_clear_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var error = Assert.Throws<BadInputException>(() => HealthEndpoint.Open(port, () => Now));
        Assert.StartsWith($"--health-port {port}: cannot be listened on: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_port_there_is_no_endpoint() => Assert.Null(HealthEndpoint.Open(null, () => Now));

    [Fact]
    public async Task A_closed_endpoint_refuses_connections()
    {
        int port = _endpoint.Port;
        _endpoint.Dispose();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, port));
    }

    public void Dispose() => _endpoint.Dispose();

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
