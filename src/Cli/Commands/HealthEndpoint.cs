using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NnCluster.Control;

namespace NnCluster.Cli.Commands;

/// <summary>
/// Answers GET /healthz (200 while the program is alive) and GET /readyz (200 while it is ready) with one line of text, on
/// all addresses, for the probes of a supervisor.
/// </summary>
/// <remarks>
/// <see cref="HttpListener"/> listens on "all addresses" for IPv4 only, and bounds neither the number of open connections
/// nor their duration. Here each connection is one request, lasts at most <see cref="Timeout"/>, and is closed.
/// </remarks>
internal sealed class HealthEndpoint : IDisposable
{
    /// <summary>Connections that are served at once; more wait in the kernel's queue.</summary>
    internal const int MostConnections = 64;

    /// <summary>Longest head of a request, in bytes.</summary>
    internal const int MostHead = 4096;

    /// <summary>Longest time between accepting a connection and closing it.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(100);

    private readonly Func<HealthReport> _report;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _free = new(MostConnections);

    private HealthEndpoint(Socket listener, Func<HealthReport> report)
    {
        _listener = listener;
        _report = report;
        _ = ServeAsync();
    }

    /// <summary>The port it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Starts listening; returns null without a port.</summary>
    /// <exception cref="BadInputException">The port cannot be listened on.</exception>
    public static HealthEndpoint? Open(int? port, Func<HealthReport> report)
    {
        if (port is not { } number)
        {
            return null;
        }

        bool ipv6 = Socket.OSSupportsIPv6;
        var listener = new Socket(ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (ipv6)
            {
                listener.DualMode = true;
            }

            listener.Bind(new IPEndPoint(ipv6 ? IPAddress.IPv6Any : IPAddress.Any, number));
            listener.Listen();
            return new(listener, report);
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new BadInputException(
                string.Create(CultureInfo.InvariantCulture, $"--health-port {number}: cannot be listened on: {e.Message}"), e);
        }
    }

    /// <summary>Response to a request: head and body.</summary>
    /// <param name="head">Head of the request, cut after <see cref="MostHead"/> bytes, as Latin-1.</param>
    /// <param name="report">State of the program.</param>
    internal static string Answer(string head, Func<HealthReport> report)
    {
        string[] line = head.Split("\r\n", 2)[0].Split(' ');
        if (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            return Response("431 Request Header Fields Too Large", "the request is too long");
        }

        if (line is not [{ Length: > 0 } method, ['/', ..] target, "HTTP/1.0" or "HTTP/1.1"])
        {
            return Response("400 Bad Request", "this is no HTTP/1 request");
        }

        string path = target.Split('?')[0];
        if (path is not ("/healthz" or "/readyz"))
        {
            return Response("404 Not Found", "only /healthz and /readyz are here");
        }

        if (method != "GET")
        {
            return Response("405 Method Not Allowed", "only GET is answered", "Allow: GET\r\n");
        }

        HealthReport now = report();
        return Response((path == "/healthz" ? now.Alive : now.Ready) ? "200 OK" : "503 Service Unavailable", now.State);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }

    private static string Response(string status, string body, string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(body) + 1}\r\n"
        + $"{headers}Cache-Control: no-store\r\nConnection: close\r\n\r\n{body}\n";

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _free.WaitAsync(_stop.Token).ConfigureAwait(false);
                Socket? connection = null;
                try
                {
                    connection = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                }
                finally
                {
                    if (connection is null)
                    {
                        _free.Release();
                    }
                }

                _ = HandleAsync(connection);
            }
            catch (SocketException)
            {
                // The client closed the connection before it was accepted, or no descriptor is free; retry.
                await Task.WhenAny(Task.Delay(AcceptRetry, _stop.Token)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task HandleAsync(Socket connection)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timeout.CancelAfter(Timeout);
        try
        {
            byte[] buffer = new byte[MostHead];
            if (await ReadHeadAsync(connection, buffer, timeout.Token).ConfigureAwait(false) is not { } head)
            {
                return;
            }

            byte[] answer = Encoding.UTF8.GetBytes(Answer(head, _report));
            for (int sent = 0; sent < answer.Length;)
            {
                sent += await connection.SendAsync(answer.AsMemory(sent), timeout.Token).ConfigureAwait(false);
            }

            connection.Shutdown(SocketShutdown.Send);
            // Closing a socket with unread bytes resets the connection, and the answer may be lost.
            while (await connection.ReceiveAsync(buffer, timeout.Token).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client closed the connection, or exceeded the timeout.
        }
        finally
        {
            connection.Dispose();
            _free.Release();
        }
    }

    /// <summary>Head of a request with its empty line, or a full buffer without one; null if the client closes the connection.</summary>
    private static async Task<string?> ReadHeadAsync(Socket connection, byte[] buffer, CancellationToken cancellation)
    {
        int length = 0;
        while (length < buffer.Length)
        {
            int read = await connection.ReceiveAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            length += read;
            int end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                return Encoding.Latin1.GetString(buffer, 0, end + 4);
            }
        }

        return Encoding.Latin1.GetString(buffer);
    }
}
