using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Sections 3.3 and 3.4 of the contract.</summary>
internal static class ExecView
{
    /// <summary>The object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="result">The exec and its output tails.</param>
    /// <param name="error">A sentence instead of the exec's own; null where there is no other.</param>
    /// <param name="webhookAsked">Whether this is the reply to a start that asked for a webhook.</param>
    public static void Write(Utf8JsonWriter json, ExecResult result, string? error = null, bool webhookAsked = false)
    {
        json.WriteStartObject();
        WriteFacts(json, result.Exec, error, webhookAsked);
        json.WriteString("stdout", result.Stdout);
        json.WriteString("stderr", result.Stderr);
        json.WriteEndObject();
    }

    /// <summary>The object without the output fields.</summary>
    public static void WriteSummary(Utf8JsonWriter json, Exec exec)
    {
        json.WriteStartObject();
        WriteFacts(json, exec, null, webhookAsked: false);
        json.WriteEndObject();
    }

    private static void WriteFacts(Utf8JsonWriter json, Exec exec, string? error, bool webhookAsked)
    {
        json.WriteString("id", exec.Id.ToString());
        json.WriteString("sandbox_id", exec.Sandbox.ToString());
        json.WriteString("status", StatusText(exec.Status));
        json.WriteOptional("exit_code", exec.ExitCode);
        json.WriteOptional("error", error ?? exec.Error);
        if (exec.TimedOut)
        {
            json.WriteBoolean("timed_out", true);
        }

        json.WriteSeconds("started_at", exec.Started);
        if (exec.Completed is { } completed)
        {
            json.WriteSeconds("completed_at", completed);
        }

        json.WriteString("origin", OriginText(exec.Origin));
        if (exec.Usage is { } usage)
        {
            WriteUsage(json, usage);
        }

        if (webhookAsked)
        {
            json.WriteStartObject("webhook_subscription");
            json.WriteString("error", "webhooks are not available in this version");
            json.WriteEndObject();
        }

        json.WriteNumber("stdout_bytes", exec.StdoutBytes);
        json.WriteNumber("stderr_bytes", exec.StderrBytes);
    }

    private static void WriteUsage(Utf8JsonWriter json, ExecUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteOptional("memory_peak_bytes", usage.MemoryPeakBytes);
        json.WriteOptional("cpu_usec", usage.CpuUsec);
        json.WriteNumber("wall_ms", usage.WallMs);
        json.WriteOptional("stall_usec", usage.StallUsec);
        json.WriteOptional("io_read_bytes", usage.IoReadBytes);
        json.WriteOptional("io_write_bytes", usage.IoWriteBytes);
        json.WriteEndObject();
    }

    private static string StatusText(ExecStatus status) => status switch
    {
        ExecStatus.Running => "running",
        ExecStatus.Cancelling => "cancelling",
        ExecStatus.Succeeded => "succeeded",
        ExecStatus.Failed => "failed",
        ExecStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown status"),
    };

    private static string OriginText(ExecOrigin origin) => origin switch
    {
        ExecOrigin.Exec => "exec",
        ExecOrigin.OpsRead => "ops_read",
        ExecOrigin.CodeWrite => "code_write",
        ExecOrigin.Workflow => "workflow",
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "unknown origin"),
    };
}
