using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Replies that only the administrator gets.</summary>
internal static class InspectionView
{
    private const long BytesPerMb = 1024 * 1024;

    /// <summary>A sandbox, where it lies, its snapshots and its last commands.</summary>
    public static void WriteSandbox(
        Utf8JsonWriter json, Sandbox sandbox, SandboxPlace place, IReadOnlyList<Snapshot> snapshots, IReadOnlyList<Exec> execs)
    {
        json.WriteStartObject();
        json.WritePropertyName("sandbox");
        SandboxView.Write(json, sandbox);
        json.WriteStartObject("host");
        json.WriteOptional("slot", place.Slot);
        json.WriteOptional("pid", place.ProcessId);
        json.WriteOptional("cgroup", place.Cgroup);
        json.WriteString("layer", place.Layer);
        json.WriteEndObject();
        WriteList(json, "snapshots", snapshots, SnapshotView.Write);
        WriteList(json, "execs", execs, ExecView.WriteSummary);
        json.WriteEndObject();
    }

    /// <summary>What is in use now.</summary>
    public static void WriteTop(Utf8JsonWriter json, HostLoad load)
    {
        json.WriteStartObject();
        json.WriteMillis("time", load.Time);
        json.WriteStartObject("host");
        json.WriteNumber("logical_cores", load.Cores);
        json.WriteNumber("load1", load.Load1);
        json.WriteNumber("memory_total_bytes", load.MemoryTotalBytes);
        json.WriteNumber("memory_available_bytes", load.MemoryAvailableBytes);
        json.WriteOptional("memory_pressure_some_avg10", load.MemorySomeAvg10);
        json.WriteEndObject();
        json.WriteStartObject("pool");
        json.WriteNumber("available", load.PoolAvailable);
        json.WriteNumber("target_now", load.PoolTarget);
        json.WriteEndObject();
        json.WriteItems(load.Sandboxes, WriteLoad);
        json.WriteEndObject();
    }

    private static void WriteLoad(Utf8JsonWriter json, SandboxLoad load)
    {
        Sandbox sandbox = load.Sandbox;
        json.WriteStartObject();
        json.WriteString("sandbox_id", sandbox.Id.ToString());
        json.WriteOptional("name", sandbox.Name);
        json.WriteString("session_id", sandbox.Session.ToString());
        json.WriteString("image", sandbox.Image);
        json.WriteString("status", SandboxView.StatusText(sandbox.Status));
        json.WriteNumber("memory_limit_bytes", sandbox.MemoryLimitMb * BytesPerMb);
        json.WriteOptional("memory_used_bytes", load.MemoryUsedBytes);
        json.WriteOptional("working_set_bytes", load.WorkingSetBytes);
        json.WriteOptional("memory_some_avg10", load.MemorySomeAvg10);
        json.WriteOptional("cpu_usec", load.CpuUsec);
        json.WriteOptional("pids", load.Pids);
        json.WriteNumber("running_execs", load.RunningExecs);
        json.WriteMillis("created", sandbox.Created);
        json.WriteEndObject();
    }

    private static void WriteList<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }
}
