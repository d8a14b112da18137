using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using NnCluster.Control;
using NnCluster.Telemetry;
using OpenTelemetry.Metrics;

namespace NnCluster.Cli.Serving;

/// <summary>
/// Answers a supervisor and Prometheus on all addresses: <c>GET /healthz</c> (200 while the program is alive) and <c>GET /readyz</c> (200
/// while it is ready) with one line of text, <c>GET /metrics</c> with the instruments of <see cref="RunMeter"/>.
/// </summary>
internal sealed class HealthEndpoint : IAsyncDisposable
{
    /// <summary>Connections that are served at once; one more is closed.</summary>
    internal const int MostConnections = 64;

    /// <summary>Longest head of a request, in bytes.</summary>
    internal const int MostHead = 8192;

    /// <summary>Longest time between accepting a connection and the end of its request's head.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;

    private HealthEndpoint(int port, Func<HealthReport> report)
    {
        WebApplicationBuilder builder = WebServer.CreateBuilder(options => Configure(options, port));
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.ConfigureResource(TelemetryExport.Describe)
            .AddMeter(TelemetryExport.Meters).AddPrometheusExporter());
        _application = builder.Build();
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        _application.MapMethods("/healthz", reading, (RequestDelegate)(context => AnswerAsync(context, report(), now => now.Alive)));
        _application.MapMethods("/readyz", reading, (RequestDelegate)(context => AnswerAsync(context, report(), now => now.Ready)));
        _application.MapPrometheusScrapingEndpoint();
        _application.MapFallback((RequestDelegate)(context => WriteAsync(
            context,
            WebServer.NotServed(context, path => path is "/healthz" or "/readyz" ? "GET, HEAD" : path == "/metrics" ? "GET" : null),
            "only GET /healthz, /readyz and /metrics are answered")));
    }

    /// <summary>The port it listens on.</summary>
    public int Port => WebServer.PortOf(_application);

    /// <summary>Starts listening; returns null without a port.</summary>
    /// <exception cref="BadInputException">The port cannot be listened on.</exception>
    public static async Task<HealthEndpoint?> OpenAsync(int? port, Func<HealthReport> report)
    {
        if (port is not { } number)
        {
            return null;
        }

        var endpoint = new HealthEndpoint(number, report);
        try
        {
            await WebServer.StartAsync(endpoint._application, string.Create(CultureInfo.InvariantCulture, $"--health-port {number}")).ConfigureAwait(false);
            return endpoint;
        }
        catch
        {
            await endpoint.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static void Configure(KestrelServerOptions options, int port)
    {
        options.Limits.MaxConcurrentConnections = MostConnections;
        options.Limits.MaxRequestHeadersTotalSize = MostHead;
        options.Limits.MaxRequestLineSize = MostHead;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.RequestHeadersTimeout = Timeout;
        options.Limits.KeepAliveTimeout = Timeout;
        options.Listen(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private static Task AnswerAsync(HttpContext context, HealthReport now, Func<HealthReport, bool> holds) =>
        WriteAsync(context, holds(now) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, now.State);

    private static Task WriteAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        byte[] body = Encoding.UTF8.GetBytes(line + "\n");
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
