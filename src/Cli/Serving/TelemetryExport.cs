using NnCluster.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace NnCluster.Cli.Serving;

/// <summary>
/// Sends metrics and spans to a collector by OTLP, if the standard environment variables name one: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or
/// <c>OTEL_EXPORTER_OTLP_METRICS_ENDPOINT</c> and <c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c>. The other variables of the standard count too.
/// </summary>
internal sealed class TelemetryExport : IDisposable
{
    /// <summary>Meters that are exported: the program's own, and the runtime's with its garbage collector.</summary>
    public static readonly string[] Meters = [RunMeter.Name, "System.Runtime"];

    private const int EndMilliseconds = 2000;

    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;

    private TelemetryExport()
    {
        if (IsNamed("METRICS"))
        {
            _metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(Describe).AddMeter(Meters).AddOtlpExporter().Build();
        }

        if (IsNamed("TRACES"))
        {
            _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(RunMeter.Name).AddOtlpExporter().Build();
        }
    }

    /// <summary>Begins to export; null: no collector is named.</summary>
    public static TelemetryExport? Open() => IsNamed("METRICS") || IsNamed("TRACES") ? new() : null;

    /// <summary>Names the service, unless <c>OTEL_SERVICE_NAME</c> or <c>OTEL_RESOURCE_ATTRIBUTES</c> does.</summary>
    public static void Describe(ResourceBuilder resource) => resource.Clear().AddService("nncluster").AddTelemetrySdk().AddEnvironmentVariableDetector();

    /// <summary>Sends what is left, within <see cref="EndMilliseconds"/>.</summary>
    public void Dispose()
    {
        // Dispose waits for a collector by itself, unless the provider is shut down already.
        Parallel.Invoke(() => _metrics?.Shutdown(EndMilliseconds), () => _traces?.Shutdown(EndMilliseconds));
        _metrics?.Dispose();
        _traces?.Dispose();
    }

    private static bool IsNamed(string signal) => new[] { "OTEL_EXPORTER_OTLP_ENDPOINT", $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT" }
        .Any(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name)));
}
