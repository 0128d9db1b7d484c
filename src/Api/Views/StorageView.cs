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
        json.WriteStartObject("scrub");
        WriteScrub(json, "running", report.Scrub.Running);
        WriteScrub(json, "last", report.Scrub.Last);
        json.WriteEndObject();
        json.WriteOptional("shared_bytes", report.SharedBytes);
        json.WriteItems(report.Sandboxes, WriteSandbox);
        json.WriteEndObject();
    }

    private static void WriteScrub(Utf8JsonWriter json, string name, Scrub? scrub)
    {
        if (scrub is null)
        {
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("outcome", scrub.Outcome.ToString().ToLowerInvariant());
        json.WriteMillis("started_at", scrub.Started);
        if (scrub.Ended is DateTimeOffset ended)
        {
            json.WriteMillis("ended_at", ended);
        }

        json.WriteNumber("percent", scrub.Percent);
        json.WriteNumber("checked_bytes", scrub.Count.Bytes);
        json.WriteNumber("errors", scrub.Count.Errors);
        json.WriteNumber("read_errors", scrub.Count.ReadErrors);
        json.WriteNumber("checksum_errors", scrub.Count.ChecksumErrors);
        json.WriteNumber("metadata_errors", scrub.Count.MetadataErrors);
        json.WriteNumber("super_errors", scrub.Count.SuperErrors);
        json.WriteNumber("corrected", scrub.Count.Corrected);
        json.WriteNumber("uncorrectable", scrub.Count.Uncorrectable);
        json.WriteOptional("error", scrub.Error);
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
