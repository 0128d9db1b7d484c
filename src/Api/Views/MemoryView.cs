using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Cgroups;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Views;

/// <summary>Endpoints 16 and 17, and the data of the memory events.</summary>
internal static class MemoryView
{
    private const int Shown = 20;
    private const long BytesPerMb = 1024 * 1024;

    /// <summary>The contract's members, and behind them why: the ledger's sums and the last decisions of all kinds.</summary>
    public static void WritePressure(Utf8JsonWriter json, SandboxMemory memory, HostMemory host, double stallThreshold)
    {
        LimitState near = LimitState.Of(memory, stallThreshold);
        json.WriteStartObject();
        json.WriteBoolean("near_limit", near.IsNear);
        json.WriteNumber("usage_percent", Math.Round(near.UsagePercent, 2));
        json.WriteOptional("current_bytes", memory.Running && memory.UsageBytes > 0 ? memory.UsageBytes : null);
        json.WriteNumber("limit_bytes", memory.LimitMb * BytesPerMb);
        json.WriteNumber("current_limit_mb", memory.LimitMb);
        json.WriteOptional("reason", near.Reason);
        json.WriteNumber("working_set_bytes", memory.Running ? memory.WorkingSetBytes ?? 0 : 0);
        WriteStalls(json, memory.Running ? memory.Pressure ?? default : default);
        WriteEvents(json, memory.Running ? memory.Events : default);
        json.WriteOptional("high_bytes", memory.BrakeBytes);
        json.WriteNumber("max_bytes", memory.WallBytes);
        json.WriteNumber("ceiling_bytes", memory.CeilingBytes);
        json.WriteStartArray("growth");
        foreach (GrowthEntry entry in memory.Decisions.Select(GrowthEntry.Of).OfType<GrowthEntry>().Take(Shown))
        {
            json.WriteStartObject();
            json.WriteMillis("time", entry.Time);
            WriteGrowthMembers(json, entry);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteState(json, memory);
        json.WriteStartObject("ledger");
        json.WriteNumber("budget_bytes", host.BudgetBytes);
        json.WriteNumber("promised_bytes", host.PromisedBytes);
        json.WriteNumber("used_bytes", host.UsedBytes);
        json.WriteNumber("room_bytes", host.RoomBytes);
        json.WriteEndObject();
        WriteDecisions(json, memory.Decisions.Take(Shown));
        json.WriteEndObject();
    }

    /// <summary>ExpandResult.</summary>
    public static void WriteExpand(Utf8JsonWriter json, ExpandResult result)
    {
        json.WriteStartObject();
        json.WriteBoolean("triggered", result.Triggered);
        json.WriteNumber("from_mb", result.FromMb);
        json.WriteNumber("to_mb", result.ToMb);
        json.WriteOptional("reason", result.Reason);
        json.WriteNumber("ceiling_mb", result.CeilingMb);
        if (result.Clamped)
        {
            json.WriteBoolean("clamped", true);
        }

        json.WriteEndObject();
    }

    /// <summary>The members of a growth entry without its time, which the event itself has.</summary>
    public static void WriteGrowthMembers(Utf8JsonWriter json, GrowthEntry entry)
    {
        json.WriteNumber("from_mb", entry.FromMb);
        json.WriteNumber("to_mb", entry.ToMb);
        json.WriteBoolean("granted", entry.Granted);
        json.WriteString("trigger", entry.Trigger.Word());
        json.WriteString("reason", entry.Reason);
    }

    /// <summary>The members that tell why it does not grow, that a growth is being waited for, and that it is frozen to save memory.</summary>
    public static void WriteState(Utf8JsonWriter json, SandboxMemory memory)
    {
        json.WriteOptional("growth_unavailable", memory.GrowthOff);
        WriteTrue(json, "waiting", memory.IsWaiting);
        WriteTrue(json, "squeezed", memory.IsSqueezed);
    }

    /// <summary>The member <c>psi</c>.</summary>
    public static void WriteStalls(Utf8JsonWriter json, Pressure pressure)
    {
        json.WriteStartObject("psi");
        json.WriteNumber("some_avg10", pressure.Some.Avg10);
        json.WriteNumber("full_avg10", pressure.Full.Avg10);
        json.WriteNumber("some_total_usec", (long)pressure.Some.Total.TotalMicroseconds);
        json.WriteNumber("full_total_usec", (long)pressure.Full.Total.TotalMicroseconds);
        json.WriteEndObject();
    }

    /// <summary>The member <c>events</c>.</summary>
    public static void WriteEvents(Utf8JsonWriter json, MemoryEvents events)
    {
        json.WriteStartObject("events");
        json.WriteNumber("high", events.High);
        json.WriteNumber("max", events.Max);
        json.WriteNumber("oom", events.Oom);
        json.WriteNumber("oom_kill", events.OomKill);
        json.WriteEndObject();
    }

    /// <summary>The member <c>decisions</c>: each with what went into it.</summary>
    public static void WriteDecisions(Utf8JsonWriter json, IEnumerable<MemoryRecord> decisions)
    {
        json.WriteStartArray("decisions");
        foreach (MemoryRecord decision in decisions)
        {
            json.WriteStartObject();
            json.WriteMillis("time", decision.Time);
            json.WriteString("action", decision.Action.Word());
            json.WriteOptional("trigger", decision.Trigger?.Word());
            json.WriteNumber("from_mb", decision.FromMb);
            json.WriteNumber("to_mb", decision.ToMb);
            json.WriteOptional("wanted_mb", decision.WantedMb);
            json.WriteOptional("cause", decision.Cause?.Word());
            json.WriteString("reason", decision.Reason);
            json.WriteNumber("usage_bytes", decision.UsageBytes);
            json.WriteNumber("working_set_bytes", decision.WorkingSetBytes);
            json.WriteNumber("wall_bytes", decision.WallBytes);
            json.WriteNumber("slope_bytes_per_second", (long)decision.SlopeBytesPerSecond);
            json.WriteNumber("stall_usec", decision.StallUsec);
            json.WriteNumber("room_bytes", decision.RoomBytes);
            json.WriteOptional("given_back_bytes", decision.GivenBackBytes > 0 ? decision.GivenBackBytes : null);
            json.WriteOptional("delay_usec", decision.DelayUsec);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTrue(Utf8JsonWriter json, string name, bool value)
    {
        if (value)
        {
            json.WriteBoolean(name, true);
        }
    }
}
