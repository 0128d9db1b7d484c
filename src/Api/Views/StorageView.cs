using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Overlay;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The layer store and what sandboxes take of it.</summary>
internal static class StorageView
{
    /// <summary>The object of <c>/admin/storage</c>.</summary>
    public static void Write(Utf8JsonWriter json, StorageReport report, string? warning)
    {
        json.WriteStartObject();
        json.WriteOptional("warning", warning);
        json.WriteString("driver", report.Store.Driver.ToString().ToLowerInvariant());
        json.WriteString("reason", report.Store.Reason);
        json.WriteString("root", report.Store.Root);
        json.WriteNumber("total_bytes", report.Store.TotalBytes);
        json.WriteNumber("free_bytes", report.Store.FreeBytes);
        if (report.Pool is PoolStatus pool)
        {
            json.WriteStartObject("pool");
            json.WriteString("file", pool.File);
            json.WriteNumber("size_bytes", pool.SizeBytes);
            json.WriteNumber("allocated_bytes", pool.AllocatedBytes);
            json.WriteNumber("disk_free_bytes", pool.DiskFreeBytes);
            json.WriteEndObject();
        }

        json.WriteStartObject("quota");
        json.WriteString("kind", report.Quota.Kind.ToString().ToLowerInvariant());
        json.WriteBoolean("on", report.Quota.IsOn);
        json.WriteString("reason", report.Quota.Reason);
        json.WriteEndObject();
        json.WriteOptional("shared_bytes", report.SharedBytes);
        json.WriteItems(report.Sandboxes, WriteSandbox);
        json.WriteEndObject();
    }

    private static void WriteSandbox(Utf8JsonWriter json, SandboxStorage item)
    {
        json.WriteStartObject();
        json.WriteString("sandbox_id", item.Sandbox.Id.ToString());
        json.WriteOptional("name", item.Sandbox.Name);
        json.WriteOptional("disk_limit_mb", item.Sandbox.DiskLimitMb);
        json.WriteOptional("live_bytes", item.Live.Bytes);
        json.WriteOptional("live_exclusive_bytes", item.Live.ExclusiveBytes);
        json.WriteNumber("snapshots", item.Snapshots.Count);
        json.WriteOptional("snapshot_bytes", Sum(item.Snapshots.Select(s => s.Bytes)));
        json.WriteOptional("snapshot_exclusive_bytes", Sum(item.Snapshots.Select(s => s.ExclusiveBytes)));
        json.WriteEndObject();
    }

    // One that is not known makes the sum unknown.
    private static long? Sum(IEnumerable<long?> sizes) => sizes.Aggregate((long?)0, (sum, size) => sum + size);
}
