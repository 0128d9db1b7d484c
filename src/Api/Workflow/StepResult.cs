using System.Text.Json;
using Sleigh.Api.Json;

namespace Sleigh.Api.Workflow;

/// <summary>How a step ended.</summary>
internal sealed record StepResult
{
    public StepStatus Status { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>The sandbox it was about, once that was found.</summary>
    public string? SandboxId { get; init; }

    public string? ExecId { get; init; }

    public string? SnapshotId { get; init; }

    public string? Error { get; init; }

    public string? Code { get; init; }

    /// <summary>Writes the object it gave; null: none.</summary>
    public Action<Utf8JsonWriter>? Result { get; init; }

    /// <summary>A word for each status.</summary>
    public static string Word(StepStatus status) => status switch
    {
        StepStatus.Succeeded => "succeeded",
        StepStatus.TimedOut => "timed_out",
        _ => "failed",
    };

    public void Write(Utf8JsonWriter json, int index, string action)
    {
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteString("action", action);
        json.WriteString("status", Word(Status));
        json.WriteNumber("duration_ms", JsonText.CeilingMs(Duration));
        json.WriteOptional("sandbox_id", SandboxId);
        json.WriteOptional("exec_id", ExecId);
        json.WriteOptional("snapshot_id", SnapshotId);
        if (Status == StepStatus.TimedOut)
        {
            json.WriteBoolean("timed_out", true);
        }

        json.WriteOptional("error", Error);
        json.WriteOptional("code", Code);
        if (Result is { } result)
        {
            json.WritePropertyName("result");
            result(json);
        }

        json.WriteEndObject();
    }
}
