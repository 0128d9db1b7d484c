using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Section 3.2 of the contract.</summary>
internal static class SnapshotView
{
    public static void Write(Utf8JsonWriter json, Snapshot snapshot)
    {
        json.WriteStartObject();
        json.WriteString("id", snapshot.Id.ToString());
        json.WriteString("sandbox_id", snapshot.Sandbox.ToString());
        json.WriteString("image_ref", "sleigh-snapshot:" + snapshot.Id.Hex);
        json.WriteString("type", "container");
        json.WriteOptional("base_snapshot_id", snapshot.Parent?.ToString());
        json.WriteSeconds("created", snapshot.Created);
        json.WriteOptional("parent_id", snapshot.Parent?.ToString());
        json.WriteOptional("name", snapshot.Name);
        json.WriteOptional("comment", snapshot.Comment);
        json.WriteNumber("bytes", snapshot.Bytes);
        json.WriteBoolean("durable", snapshot.Durable);
        json.WriteNumber("duration_ms", JsonText.CeilingMs(snapshot.Duration));
        json.WriteNumber("pause_ms", JsonText.CeilingMs(snapshot.Pause));
        WriteCaptured(json, snapshot);
        json.WriteWhenTrue("auto", snapshot.IsAutomatic);
        json.WriteWhenTrue("keep", snapshot.IsKept);
        if (snapshot.Expires is { } expires)
        {
            json.WriteMillis("expires_at", expires);
        }

        json.WriteEndObject();
    }

    private static void WriteCaptured(Utf8JsonWriter json, Snapshot snapshot)
    {
        json.WriteStartObject("captured");
        json.WriteStartObject("limits");
        json.WriteNumber("memory_limit_mb", snapshot.Limits.MemoryLimitMb);
        json.WriteNumber("memory_ceiling_mb", snapshot.Limits.MemoryCeilingMb);
        SandboxView.WriteCpus(json, snapshot.Limits.Cpus);
        json.WriteNumber("pids_limit", snapshot.Limits.PidsLimit);
        json.WriteOptional("disk_limit_mb", snapshot.Limits.DiskLimitMb);
        json.WriteEndObject();

        json.WriteStartArray("mounts");
        foreach (CapturedMount mount in snapshot.Mounts)
        {
            MountView.Write(json, mount);
        }

        json.WriteEndArray();
        SandboxView.WriteLabels(json, snapshot.Labels);
        json.WriteEndObject();
    }
}
