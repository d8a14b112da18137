using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NnCluster.Control;
using OpenTelemetry.Metrics;
using KestrelServerOptions = Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions;

namespace NnCluster.Cli.Serving;

/// <summary>
/// HTTP server of a model: <c>POST /predict</c>, <c>GET /model</c>, <c>GET /healthz</c> and <c>GET /metrics</c> in the format of Prometheus.
/// </summary>
internal sealed class PredictionServer : IAsyncDisposable
{
    /// <summary>Largest body of a request, in bytes.</summary>
    public const long MostBytes = 64 << 20;

    // The content type says that it is JSON: quotation marks and letters beyond ASCII need no escape.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly PredictionService _service;
    private readonly WebApplication _application;

    // Most requests that compute at once; further ones would take memory and gain no speed.
    private readonly SemaphoreSlim _computing = new(2 * Environment.ProcessorCount);

    private readonly Meter _meter = new("NnCluster.Serving");
    private readonly Counter<long> _rows;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _seconds;

    private PredictionServer(PredictionService service, HostPort listen)
    {
        _service = service;
        _rows = _meter.CreateCounter<long>("nncluster.serve.rows", description: "Rows answered.");
        _requests = _meter.CreateCounter<long>("nncluster.serve.requests", description: "Requests to /predict, by status code.");
        _seconds = _meter.CreateHistogram<double>(
            "nncluster.serve.duration", unit: "s", description: "Time from the head of a request to its answer.");
        WebApplicationBuilder builder = WebServer.CreateBuilder(options => Configure(options, listen));
        builder.Services.AddOpenTelemetry().ConfigureResource(TelemetryExport.Describe).WithMetrics(metrics => metrics
            .AddMeter(_meter.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting")
            .AddPrometheusExporter());
        _application = builder.Build();
        _application.MapPost("/predict", (RequestDelegate)PredictAsync);
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        _application.MapMethods("/model", reading, (RequestDelegate)(context => WriteAsync(context, StatusCodes.Status200OK, service.Describe())));
        _application.MapMethods("/healthz", reading, (RequestDelegate)(context => context.Response.WriteAsync("ok\n")));
        _application.MapPrometheusScrapingEndpoint();
        _application.MapFallback((RequestDelegate)NotFoundAsync);
    }

    /// <summary>Starts a server.</summary>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public static async Task<PredictionServer> StartAsync(PredictionService service, HostPort listen)
    {
        var server = new PredictionServer(service, listen);
        try
        {
            await WebServer.StartAsync(server._application, $"--listen {listen}").ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Accepts no more requests, and waits at most 10 s for those that run.</summary>
    public Task StopAsync() => _application.StopAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().ConfigureAwait(false);
        _meter.Dispose();
    }

    private static void Configure(KestrelServerOptions options, HostPort listen)
    {
        options.Limits.MaxRequestBodySize = MostBytes;
        string host = listen.Host.Trim('[', ']');
        if (host == "localhost")
        {
            options.ListenLocalhost(listen.Port);
            return;
        }

        options.Listen(IPAddress.TryParse(host, out IPAddress? address) ? address : AddressOf(host, listen), listen.Port);
    }

    private static IPAddress AddressOf(string host, HostPort listen)
    {
        try
        {
            return Dns.GetHostAddresses(host) is [var first, ..] ? first : throw new BadInputException($"--listen {listen}: {host} has no address.");
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new BadInputException($"--listen {listen}: {host} is not known: {e.Message}", e);
        }
    }

    private async Task PredictAsync(HttpContext context)
    {
        long began = Stopwatch.GetTimestamp();
        (int status, JsonObject body) = await AnswerAsync(context).ConfigureAwait(false);
        _requests.Add(1, new KeyValuePair<string, object?>("status", status.ToString(CultureInfo.InvariantCulture)));
        _seconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        await WriteAsync(context, status, body).ConfigureAwait(false);
    }

    private async Task<(int Status, JsonObject Body)> AnswerAsync(HttpContext context)
    {
        if (context.Request.Headers.ContentEncoding.Any(encoding => !"identity".Equals(encoding, StringComparison.OrdinalIgnoreCase)))
        {
            return (StatusCodes.Status415UnsupportedMediaType, Error("the request is compressed; expected JSON in UTF-8"));
        }

        try
        {
            using JsonDocument request =
                await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
            await _computing.WaitAsync(context.RequestAborted).ConfigureAwait(false);
            try
            {
                ServedAnswer answer = _service.Answer(request.RootElement);
                _rows.Add(answer.Rows);
                return (StatusCodes.Status200OK, answer.Body);
            }
            finally
            {
                _computing.Release();
            }
        }
        catch (JsonException e)
        {
            return (StatusCodes.Status400BadRequest, Error($"the request is no JSON: {e.Message.ReplaceLineEndings(" ")}"));
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            // System.Text.Json reads the text of a member only when it is asked for.
            return (StatusCodes.Status400BadRequest, Error($"a text of the request is no Unicode: {e.Message.ReplaceLineEndings(" ")}"));
        }
        catch (BadInputException e)
        {
            return (StatusCodes.Status400BadRequest, Error(e.Message));
        }
        catch (BadHttpRequestException e)
        {
            return (e.StatusCode, Error(e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"the request is larger than {MostBytes >> 20} MiB" : e.Message));
        }
    }

    private static JsonObject Error(string text) => new() { ["error"] = text };

    private static Task NotFoundAsync(HttpContext context)
    {
        int status = WebServer.NotServed(context, path => path switch
        {
            "/predict" => "POST",
            "/model" or "/healthz" => "GET, HEAD",
            "/metrics" => "GET",
            _ => null,
        });
        return WriteAsync(
            context,
            status,
            Error($"{context.Request.Method} {context.Request.Path} is not served; expected POST /predict, GET /model, GET /healthz or GET /metrics"));
    }

    private static async Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(body.ToJsonString(Plain), context.RequestAborted).ConfigureAwait(false);
    }
}
