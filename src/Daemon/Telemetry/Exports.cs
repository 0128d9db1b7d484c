using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sleigh.Api.Metrics;
using Sleigh.Runtime;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Daemon.Telemetry;

/// <summary>
/// Traces and metrics on their way to a collector. Without variables that ask for it there is none of this: no thread, no timer, no listener.
/// </summary>
internal sealed partial class Exports : IDisposable
{
    // A collector that hangs holds up the end of the daemon for no longer, for each of the two.
    private const int FarewellMilliseconds = 1500;

    private const string OwnMeters = "Sleigh.*";

    private static readonly string[] Certificates =
        ["OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY"];

    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;
    private readonly Meter? _figures;

    private Exports(TracerProvider? traces, MeterProvider? metrics, Meter? figures) => (_traces, _metrics, _figures) = (traces, metrics, figures);

    /// <summary>Begins to send; null when nothing is to be sent.</summary>
    /// <param name="settings">What is asked for.</param>
    /// <param name="version">Told as <c>service.version</c>.</param>
    /// <param name="figures">What is read anew for each export of metrics.</param>
    /// <param name="logger">Told of wrong variables, and when the collector cannot be reached.</param>
    public static Exports? Start(TelemetrySettings settings, string version, IReadOnlyList<Figure> figures, ILogger logger)
    {
        foreach (string problem in settings.Problems)
        {
            Wrong(logger, problem);
        }

        if (!settings.Traces && !settings.Metrics)
        {
            return null;
        }

        TracerProvider? traces = settings.Traces
            ? Sdk.CreateTracerProviderBuilder().ConfigureResource(r => Describe(r, version)).AddSource(Span.SourceName)
                .AddOtlpExporter(options => Watch(options, "traces", logger)).Build()
            : null;
        Meter? meter = settings.Metrics ? MeterOf(figures) : null;
        MeterProvider? metrics = settings.Metrics
            ? Sdk.CreateMeterProviderBuilder().ConfigureResource(r => Describe(r, version)).AddMeter(OwnMeters)
                .AddOtlpExporter(options => Watch(options, "metrics", logger)).Build()
            : null;
        if (metrics is not null)
        {
            // A counter that has not counted yet is told with 0, here as in /metrics.
            MemoryMeters.Announce();
            SandboxMeters.Announce();
            WebhookMeters.Announce();
            AuditMeters.Announce();
        }

        Begun(logger, settings.Traces, settings.Metrics);
        return new Exports(traces, metrics, meter);
    }

    /// <summary>Sends what is left, and ends.</summary>
    public void Dispose()
    {
        _traces?.Shutdown(FarewellMilliseconds);
        _metrics?.Shutdown(FarewellMilliseconds);
        _traces?.Dispose();
        _metrics?.Dispose();
        _figures?.Dispose();
    }

    // The variables come last: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    private static void Describe(ResourceBuilder resource, string version) =>
        resource.Clear().AddTelemetrySdk().AddService("sleigh", serviceVersion: version).AddEnvironmentVariableDetector();

    private static Meter MeterOf(IReadOnlyList<Figure> figures)
    {
        Meter meter = new("Sleigh.Figures");
        foreach (Figure figure in figures)
        {
            if (figure.IsCounter)
            {
                meter.CreateObservableCounter(figure.Name, () => Read(figure), figure.Unit, figure.Help);
            }
            else
            {
                meter.CreateObservableGauge(figure.Name, () => Read(figure), figure.Unit, figure.Help);
            }
        }

        return meter;
    }

    private static IEnumerable<Measurement<double>> Read(Figure figure) => figure.Read().Select(value => value.Label is null
        ? new Measurement<double>(value.Value)
        : new Measurement<double>(value.Value, new KeyValuePair<string, object?>(value.Label, value.Word)));

    private static void Watch(OtlpExporterOptions options, string what, ILogger logger)
    {
        if (Certificates.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))))
        {
            // The library's own client knows how to use these.
            return;
        }

        options.HttpClientFactory = () => new HttpClient(new ExportWatch(what, logger)) { Timeout = TimeSpan.FromMilliseconds(options.TimeoutMilliseconds) };
    }

    [LoggerMessage(EventId = 1930, EventName = "telemetry", Level = LogLevel.Information, Message = "Telemetry is sent over OTLP (traces: {Traces}, metrics: {Metrics})")]
    private static partial void Begun(ILogger logger, bool traces, bool metrics);

    [LoggerMessage(EventId = 1931, EventName = "telemetry", Level = LogLevel.Warning, Message = "Telemetry: {Problem}")]
    private static partial void Wrong(ILogger logger, string problem);
}
