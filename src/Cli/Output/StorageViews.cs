using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>The layer store as text for people. Pure: values in, text out.</summary>
internal static class StorageViews
{
    /// <summary>The store, and a row for each sandbox.</summary>
    public static string All(JsonObject storage)
    {
        var lines = new Lines();
        lines.Add("driver", $"{storage.Text("driver")} ({Human.OneLine(storage.Text("reason") ?? "")})");
        lines.Add("layers in", Human.OneLine(storage.Text("root") ?? ""));
        lines.Add("free", $"{Size(storage, "free_bytes")} of {Size(storage, "total_bytes")}");
        if (storage.Object("pool") is { } pool)
        {
            lines.Add("pool file", Human.OneLine(pool.Text("file") ?? ""));
            lines.Add("takes", $"{Size(pool, "allocated_bytes")} of {Size(pool, "size_bytes")}, {Size(pool, "disk_free_bytes")} free on the disk below");
        }

        lines.Add("disk limits", storage.Object("quota") is { } quota ? $"{quota.Text("kind")} ({Human.OneLine(quota.Text("reason") ?? "")})" : null);
        lines.Add("scrub", Scrub(storage.Object("scrub")?.Object("running")));
        lines.Add("last scrub", Scrub(storage.Object("scrub")?.Object("last")));
        lines.Add("shared", storage.Number("shared_bytes") is { } shared ? Human.Bytes(shared) : null);
        if (storage.Items() is not { Count: > 0 } items)
        {
            return lines.ToString();
        }

        var table = new Table("ID", "NAME", ">LIMIT", ">FILES", ">OWN", ">SNAPSHOTS", ">SIZE", ">OWN");
        foreach (JsonObject item in items)
        {
            table.Row(
                item.Text("sandbox_id"), item.Text("name"), item.Number("disk_limit_mb") is { } mb ? Human.Bytes(mb << 20) : "none",
                Size(item, "live_bytes"), Size(item, "live_exclusive_bytes"), item.Show("snapshots"), Size(item, "snapshot_bytes"),
                Size(item, "snapshot_exclusive_bytes"));
        }

        return $"{lines}\n{table}";
    }

    private static string? Scrub(JsonObject? scrub)
    {
        if (scrub is null)
        {
            return null;
        }

        string errors = scrub.Number("errors") is not > 0 ? "no errors" : $"{scrub.Show("errors")} errors, {scrub.Show("uncorrectable")} of them stay";
        return $"{scrub.Text("outcome")}, begun {scrub.Text("started_at")}, {scrub.Show("percent")} %, {Size(scrub, "checked_bytes")}, {errors}"
            + (scrub.Text("error") is { } why ? $": {Human.OneLine(why)}" : "");
    }

    private static string Size(JsonObject item, string name) => item.Number(name) is { } bytes ? Human.Bytes(bytes) : "unknown";
}
