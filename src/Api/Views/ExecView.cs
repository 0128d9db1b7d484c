using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Views;

/// <summary>Sections 3.3 and 3.4 of the contract.</summary>
internal static class ExecView
{
    /// <summary>The object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="result">The exec and its output tails.</param>
    /// <param name="error">A sentence instead of the exec's own; null where there is no other.</param>
    /// <param name="webhook">In the reply to a start: the webhook that was asked for.</param>
    /// <param name="more">Writes members of its own before the output.</param>
    public static void Write(
        Utf8JsonWriter json, ExecResult result, string? error = null, WebhookAsked? webhook = null, Action<Utf8JsonWriter>? more = null)
    {
        json.WriteStartObject();
        WriteFacts(json, result.Exec, error, webhook);
        more?.Invoke(json);
        json.WriteString("stdout", result.Stdout);
        json.WriteString("stderr", result.Stderr);
        json.WriteEndObject();
    }

    /// <summary>The object without the output fields.</summary>
    public static void WriteSummary(Utf8JsonWriter json, Exec exec)
    {
        json.WriteStartObject();
        WriteFacts(json, exec, null, null);
        json.WriteEndObject();
    }

    private static void WriteFacts(Utf8JsonWriter json, Exec exec, string? error, WebhookAsked? webhook)
    {
        json.WriteString("id", exec.Id.ToString());
        json.WriteString("sandbox_id", exec.Sandbox.ToString());
        json.WriteString("status", exec.Status.Word());
        json.WriteOptional("exit_code", exec.ExitCode);
        json.WriteOptional("error", error ?? exec.Error);
        if (exec.TimedOut)
        {
            json.WriteBoolean("timed_out", true);
        }

        json.WriteOptional("recovery", exec.Recovery);
        if (exec.Oom is { } oom)
        {
            json.WritePropertyName("oom");
            WriteOom(json, oom);
        }

        json.WriteOptional("snapshot_before", exec.SnapshotBefore?.ToString());
        if (exec.Disk is { } disk)
        {
            WriteDisk(json, disk);
        }

        json.WriteSeconds("started_at", exec.Started);
        if (exec.Completed is { } completed)
        {
            json.WriteSeconds("completed_at", completed);
        }

        json.WriteString("origin", exec.Origin.Word());
        if (exec.Usage is { } usage)
        {
            WriteUsage(json, usage);
        }

        if (webhook is not null)
        {
            WebhookView.WriteAsked(json, webhook);
        }

        json.WriteNumber("stdout_bytes", exec.StdoutBytes);
        json.WriteNumber("stderr_bytes", exec.StderrBytes);
    }

    /// <summary>Section 7.4 of the contract.</summary>
    public static void WriteOom(Utf8JsonWriter json, OomReport oom)
    {
        json.WriteStartObject();
        json.WriteBoolean("killed", oom.Killed);
        json.WriteNumber("limit_bytes", oom.LimitBytes);
        json.WriteOptional("peak_bytes", oom.PeakBytes);
        json.WriteNumber("growth_attempts", oom.GrowthAttempts);
        json.WriteString("advice", oom.Advice);
        json.WriteEndObject();
    }

    private static void WriteDisk(Utf8JsonWriter json, DiskReport disk)
    {
        json.WriteStartObject("disk");
        json.WriteNumber("limit_mb", disk.LimitMb);
        json.WriteNumber("used_mb", disk.UsedMb);
        json.WriteBoolean("full", true);
        json.WriteString("advice", disk.Advice);
        json.WriteEndObject();
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
}
