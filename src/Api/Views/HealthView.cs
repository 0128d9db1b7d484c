using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Endpoints 1 and 42, and what <c>sleighctl status</c> shows.</summary>
internal static class HealthView
{
    public static void WriteAlive(Utf8JsonWriter json, DateTimeOffset now, string version)
    {
        json.WriteStartObject();
        json.WriteString("status", "ok");
        json.WriteSeconds("time", now);
        json.WriteString("version", version);
        json.WriteString("sandbox_kind", "containerd");
        json.WriteEndObject();
    }

    public static void WriteReady(Utf8JsonWriter json, IReadOnlyList<HealthCheck> checks)
    {
        json.WriteStartObject();
        json.WriteString("status", "ready");
        WriteChecks(json, checks);
        json.WriteEndObject();
    }

    public static void WriteChecks(Utf8JsonWriter json, IReadOnlyList<HealthCheck> checks)
    {
        json.WriteStartArray("checks");
        foreach (HealthCheck check in checks)
        {
            json.WriteStartObject();
            json.WriteString("name", check.Name);
            json.WriteBoolean("ok", check.Ok);
            json.WriteOptional("message", check.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteStatus(Utf8JsonWriter json, HostStatus status, ConfigurationState configuration)
    {
        json.WriteStartObject();
        json.WriteString("version", status.Version);
        json.WriteMillis("started_at", status.Started);
        json.WriteString("containerd_mode", status.ContainerdMode);
        json.WriteOptional("containerd_version", status.ContainerdVersion);
        json.WriteString("storage_driver", status.StorageDriver);
        json.WriteNumber("storage_total_bytes", status.StorageTotalBytes);
        json.WriteNumber("storage_free_bytes", status.StorageFreeBytes);
        json.WriteString("cgroup_mode", status.CgroupMode);
        json.WriteOptional("growth_unavailable", status.GrowthUnavailable);
        json.WriteStartObject("sandboxes");
        foreach ((string name, int count) in status.Sandboxes)
        {
            json.WriteNumber(name, count);
        }

        json.WriteEndObject();
        json.WriteNumber("running_execs", status.RunningExecs);
        json.WriteNumber("parked_slots", status.ParkedSlots);
        json.WriteNumber("parked_slots_target", status.ParkedSlotsTarget);
        ConfigurationView.WriteState(json, configuration);
        json.WriteEndObject();
    }
}
