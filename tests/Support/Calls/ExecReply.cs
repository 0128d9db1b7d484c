using System.Text.Json.Nodes;

namespace Sleigh.TestSupport;

/// <summary>An exec as the API shows it.</summary>
public sealed class ExecReply(JsonObject json)
{
    public JsonObject Json { get; } = json;

    public string Id => (string)Json["id"]!;

    public string Status => (string)Json["status"]!;

    public bool IsFinal => Status is "succeeded" or "failed" or "cancelled";

    public int? ExitCode => (int?)Json["exit_code"];

    public string? Error => (string?)Json["error"];

    public bool TimedOut => (bool?)Json["timed_out"] ?? false;

    public string Stdout => (string)Json["stdout"]!;

    public string Stderr => (string)Json["stderr"]!;

    public long StdoutBytes => (long)Json["stdout_bytes"]!;

    public override string ToString() => Json.ToJsonString();
}
