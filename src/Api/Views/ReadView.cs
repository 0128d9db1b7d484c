using System.Text;
using System.Text.Json;
using Sleigh.Api.Json;

namespace Sleigh.Api.Views;

/// <summary>The reply of endpoint 24.</summary>
internal sealed record ReadView
{
    /// <summary><c>ok</c>, <c>running</c> or <c>error</c>.</summary>
    public required string Status { get; init; }

    public required TimeSpan Duration { get; init; }

    public bool TimedOut { get; init; }

    public required string Exec { get; init; }

    public int? ExitCode { get; init; }

    public string? Error { get; init; }

    public required ReadOutput Stdout { get; init; }

    public required ReadOutput Stderr { get; init; }

    public void Write(Utf8JsonWriter json)
    {
        long omitted = Stdout.Omitted + Stderr.Omitted;
        json.WriteStartObject();
        json.WriteString("status", Status);
        json.WriteNumber("duration_ms", JsonText.CeilingMs(Duration));
        json.WriteBoolean("timed_out", TimedOut);
        json.WriteBoolean("truncated", omitted > 0);
        json.WriteString("exec_id", Exec);
        json.WriteOptional("exit_code", ExitCode);
        json.WriteOptional("error", Error);
        json.WriteOptional("omitted_bytes", omitted > 0 ? omitted : (long?)null);
        json.WriteOptional("next_offset", Stdout.Next);
        json.WriteOptional("hint", Stdout.Lost ?? Stderr.Lost);
        json.WriteString("stdout", Encoding.UTF8.GetString(Stdout.Kept.Span));
        json.WriteString("stderr", Encoding.UTF8.GetString(Stderr.Kept.Span));
        json.WriteEndObject();
    }
}
