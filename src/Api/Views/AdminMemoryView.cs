using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Views;

/// <summary>Memory as only the administrator sees it: the ledger, and every sandbox in it.</summary>
internal static class AdminMemoryView
{
    /// <summary>The ledger and a row for each sandbox.</summary>
    public static void WriteAll(Utf8JsonWriter json, DateTimeOffset now, HostMemory host, IReadOnlyList<SandboxMemory> sandboxes)
    {
        json.WriteStartObject();
        WriteHost(json, now, host);
        json.WriteItems(sandboxes, (j, memory) =>
        {
            j.WriteStartObject();
            WriteRow(j, memory);
            j.WriteEndObject();
        });
        json.WriteEndObject();
    }

    /// <summary>One sandbox with every kept decision, and the ledger beside it.</summary>
    public static void WriteOne(Utf8JsonWriter json, DateTimeOffset now, HostMemory host, SandboxMemory memory, double stallThreshold)
    {
        json.WriteStartObject();
        WriteRow(json, memory);
        json.WriteOptional("near_limit", LimitState.Of(memory, stallThreshold).Reason);
        if (memory.Running)
        {
            MemoryView.WriteStalls(json, memory.Pressure ?? default);
            MemoryView.WriteEvents(json, memory.Events);
        }

        WriteHost(json, now, host);
        MemoryView.WriteDecisions(json, memory.Decisions);
        json.WriteEndObject();
    }

    /// <summary>Questions and answers.</summary>
    public static void WriteExplanation(Utf8JsonWriter json, SandboxId id, IReadOnlyList<MemoryAnswer> answers)
    {
        json.WriteStartObject();
        json.WriteString("sandbox_id", id.ToString());
        json.WriteStartArray("answers");
        foreach (MemoryAnswer answer in answers)
        {
            json.WriteStartObject();
            json.WriteString("question", answer.Question);
            json.WriteString("answer", answer.Answer);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteHost(Utf8JsonWriter json, DateTimeOffset now, HostMemory host)
    {
        json.WriteMillis("time", now);
        json.WriteStartObject("ledger");
        json.WriteNumber("total_bytes", host.TotalBytes);
        json.WriteNumber("available_bytes", host.AvailableBytes);
        json.WriteNumber("reserve_bytes", host.ReserveBytes);
        json.WriteNumber("budget_bytes", host.BudgetBytes);
        json.WriteNumber("limits_bytes", host.LimitsBytes);
        json.WriteNumber("promised_bytes", host.PromisedBytes);
        json.WriteNumber("used_bytes", host.UsedBytes);
        json.WriteNumber("reclaimable_bytes", host.ReclaimableBytes);
        json.WriteNumber("room_bytes", host.RoomBytes);
        json.WriteString("room_reason", host.RoomReason);
        json.WriteOptional("growth_unavailable", host.Unavailable);
        json.WriteEndObject();
        json.WriteString("signals", host.Signals);
    }

    private static void WriteRow(Utf8JsonWriter json, SandboxMemory memory)
    {
        Sandbox sandbox = memory.Sandbox;
        json.WriteString("sandbox_id", sandbox.Id.ToString());
        json.WriteOptional("name", sandbox.Name);
        json.WriteString("session_id", sandbox.Session.ToString());
        json.WriteString("status", SandboxView.StatusText(sandbox.Status));
        json.WriteNumber("priority", SandboxPriority.Of(sandbox.Labels));
        json.WriteNumber("start_mb", memory.StartMb);
        json.WriteNumber("limit_mb", memory.LimitMb);
        json.WriteOptional("brake_bytes", memory.BrakeBytes);
        json.WriteNumber("wall_bytes", memory.WallBytes);
        json.WriteNumber("ceiling_bytes", memory.CeilingBytes);
        json.WriteOptional("usage_bytes", memory.UsageBytes);
        json.WriteOptional("working_set_bytes", memory.WorkingSetBytes);
        json.WriteNumber("promised_bytes", memory.PromisedBytes);
        json.WriteOptional("stall_some_avg10", memory.Pressure?.Some.Avg10);
        json.WriteOptional("cpu_throttled_share", memory.CpuThrottledShare);
        MemoryView.WriteState(json, memory);
    }
}
