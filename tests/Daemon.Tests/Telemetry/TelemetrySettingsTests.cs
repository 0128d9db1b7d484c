using Sleigh.Daemon.Telemetry;

namespace Sleigh.Daemon.Tests.Telemetry;

/// <summary>What the variables of OpenTelemetry turn on.</summary>
public sealed class TelemetrySettingsTests
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318";

    [Theory]
    [InlineData("", false, false)]
    [InlineData("OTEL_SERVICE_NAME=x;OTEL_EXPORTER_OTLP_PROTOCOL=grpc;OTEL_TRACES_SAMPLER=always_on", false, false)]
    [InlineData(Endpoint, true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=  ", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://c/v1/traces", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=https://c/v1/metrics", false, true)]
    [InlineData("OTEL_TRACES_EXPORTER=otlp", true, false)]
    [InlineData("OTEL_METRICS_EXPORTER=otlp", false, true)]
    [InlineData(Endpoint + ";OTEL_TRACES_EXPORTER=none", false, true)]
    [InlineData(Endpoint + ";OTEL_METRICS_EXPORTER=none;OTEL_TRACES_EXPORTER=otlp", true, false)]
    [InlineData(Endpoint + ";OTEL_SDK_DISABLED=TRUE", false, false)]
    [InlineData(Endpoint + ";OTEL_SDK_DISABLED=no", true, true)]
    [InlineData(Endpoint + ";OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", true, true)]
    public void Each_signal_is_sent_where_it_is_asked_for(string variables, bool traces, bool metrics)
    {
        TelemetrySettings settings = Of(variables);

        Assert.Equal((traces, metrics), (settings.Traces, settings.Metrics));
        Assert.Empty(settings.Problems);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=user:s3cr3t@host", false, false,
        "OTEL_EXPORTER_OTLP_ENDPOINT must be an absolute http or https URL; no traces are sent",
        "OTEL_EXPORTER_OTLP_ENDPOINT must be an absolute http or https URL; no metrics are sent")]
    [InlineData(Endpoint + ";OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=ftp://s3cr3t", false, true,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an absolute http or https URL; no traces are sent")]
    [InlineData(Endpoint + ";OTEL_TRACES_EXPORTER=s3cr3t", false, true, "OTEL_TRACES_EXPORTER must be one of: otlp, none")]
    [InlineData(Endpoint + ";OTEL_TRACES_EXPORTER=otlp,console", true, true, "OTEL_TRACES_EXPORTER must be one of: otlp, none")]
    [InlineData(Endpoint + ";OTEL_EXPORTER_OTLP_PROTOCOL=http/json", false, false,
        "OTEL_EXPORTER_OTLP_PROTOCOL must be one of: grpc, http/protobuf; no traces are sent",
        "OTEL_EXPORTER_OTLP_PROTOCOL must be one of: grpc, http/protobuf; no metrics are sent")]
    [InlineData(Endpoint + ";OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=s3cr3t", true, false,
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL must be one of: grpc, http/protobuf; no metrics are sent")]
    [InlineData(Endpoint + ";OTEL_TRACES_SAMPLER=s3cr3t", true, true,
        "OTEL_TRACES_SAMPLER must be one of: always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio; every trace is sent")]
    public void What_cannot_be_followed_is_told_without_its_value(string variables, bool traces, bool metrics, params string[] problems)
    {
        TelemetrySettings settings = Of(variables);

        Assert.Equal((traces, metrics), (settings.Traces, settings.Metrics));
        Assert.Equal(problems, settings.Problems);
        Assert.DoesNotContain(settings.Problems, p => p.Contains("s3cr3t", StringComparison.Ordinal));
    }

    private static TelemetrySettings Of(string variables) => TelemetrySettings.Of(variables.Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]));
}
