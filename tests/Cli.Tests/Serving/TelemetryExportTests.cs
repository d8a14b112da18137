using System.Net;
using System.Text;
using NnCluster.Cli.Launching;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Serving;

/// <summary>Metrics and spans on their way to a collector, by the standard's environment variables.</summary>
public sealed class TelemetryExportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_run_sends_its_metrics_and_its_spans_to_the_collector_that_the_environment_names()
    {
        (HttpListener collector, string address) = Listen();
        using HttpListener listening = collector;
        var received = new Dictionary<string, string>();
        Task<ProcessResult> run = Task.Run(() =>
        {
            using var process = new NnClusterProcess(
                ["train", "--json", "--dataset", NnClusterProcess.MnistRows, "--epochs", "2", "--out", _directory["run"]],
                [("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_SERVICE_NAME", "a-service")]);
            return process.Wait();
        });
        for (Task<HttpListenerContext> next = collector.GetContextAsync(); await Task.WhenAny(next, run) == next; next = collector.GetContextAsync())
        {
            HttpListenerContext request = await next;
            using var body = new MemoryStream();
            await request.Request.InputStream.CopyToAsync(body);
            string path = request.Request.Url!.AbsolutePath;
            received[path] = received.GetValueOrDefault(path) + Encoding.Latin1.GetString(body.ToArray());
            request.Response.Close();
        }

        ProcessResult result = await run;
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.All(["nncluster.step.duration", "nncluster.loss", "dotnet.gc.pause.time", "a-service"], name => Assert.Contains(name, received["/v1/metrics"], StringComparison.Ordinal));
        Assert.All(["epoch", "checkpoint", "run_id", "a-service"], name => Assert.Contains(name, received["/v1/traces"], StringComparison.Ordinal));
    }

    [Fact]
    public void A_collector_that_is_not_there_costs_nothing_but_the_attempt()
    {
        using var process = new NnClusterProcess(
            ["train", "--json", "--dataset", NnClusterProcess.MnistRows, "--epochs", "1", "--out", _directory["run"]],
            [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]);
        ProcessResult result = process.Wait();
        Assert.Equal((0, ""), (result.ExitCode, string.Concat(result.Error.Split('\n').Where(line => line.Contains("OTLP", StringComparison.OrdinalIgnoreCase)))));
    }

    private static (HttpListener Listener, string Address) Listen()
    {
        string address = $"http://127.0.0.1:{LocalPort.FindFree()}/";
        var listener = new HttpListener { Prefixes = { address } };
        listener.Start();
        return (listener, address);
    }
}
