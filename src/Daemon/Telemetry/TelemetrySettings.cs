using System.Collections;

namespace Sleigh.Daemon.Telemetry;

/// <summary>
/// What the standard variables of OpenTelemetry ask for. Here it is decided whether anything is sent at all; how, the library reads from them
/// itself. A wrong value turns off what it is about and is told: telemetry never keeps the daemon from starting.
/// </summary>
/// <param name="Traces">Whether traces are sent.</param>
/// <param name="Metrics">Whether metrics are sent.</param>
/// <param name="Problems">A sentence for each variable that cannot be followed. None repeats a value, which may hold a password.</param>
internal sealed record TelemetrySettings(bool Traces, bool Metrics, IReadOnlyList<string> Problems)
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] Samplers =
        ["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"];

    private static readonly string[] Protocols = ["grpc", "http/protobuf"];

    /// <summary>As this process has them.</summary>
    public static TelemetrySettings FromEnvironment() => Of(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal));

    /// <summary>Decides.</summary>
    /// <param name="variables">All there are; blank is the same as not set.</param>
    public static TelemetrySettings Of(IReadOnlyDictionary<string, string> variables)
    {
        List<string> problems = [];
        bool disabled = string.Equals(Value(variables, "OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
        if (disabled)
        {
            return new TelemetrySettings(false, false, problems);
        }

        bool traces = IsOn(variables, "TRACES", problems);
        bool metrics = IsOn(variables, "METRICS", problems);
        if (traces && Value(variables, "OTEL_TRACES_SAMPLER") is { } sampler && !Samplers.Contains(sampler))
        {
            problems.Add($"OTEL_TRACES_SAMPLER must be one of: {string.Join(", ", Samplers)}; every trace is sent");
        }

        return new TelemetrySettings(traces, metrics, [.. problems.Distinct()]);
    }

    private static bool IsOn(IReadOnlyDictionary<string, string> variables, string signal, List<string> problems)
    {
        string name = $"OTEL_{signal}_EXPORTER";
        string own = $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT";
        string[]? asked = Value(variables, name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (asked is not null)
        {
            if (asked.Any(a => a is not ("otlp" or "none")))
            {
                problems.Add($"{name} must be one of: otlp, none");
            }

            if (!asked.Contains("otlp"))
            {
                return false;
            }
        }

        string given = Value(variables, own) is null ? Endpoint : own;
        string? endpoint = Value(variables, given);
        if (endpoint is null)
        {
            return asked is not null && KnowsProtocol(variables, signal, problems);
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
        {
            problems.Add($"{given} must be an absolute http or https URL; no {signal.ToLowerInvariant()} are sent");
            return false;
        }

        return KnowsProtocol(variables, signal, problems);
    }

    private static bool KnowsProtocol(IReadOnlyDictionary<string, string> variables, string signal, List<string> problems)
    {
        string own = $"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL";
        string name = Value(variables, own) is null ? "OTEL_EXPORTER_OTLP_PROTOCOL" : own;
        if (Value(variables, name) is { } protocol && !Protocols.Contains(protocol))
        {
            problems.Add($"{name} must be one of: {string.Join(", ", Protocols)}; no {signal.ToLowerInvariant()} are sent");
            return false;
        }

        return true;
    }

    private static string? Value(IReadOnlyDictionary<string, string> variables, string name) =>
        variables.TryGetValue(name, out string? value) && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
