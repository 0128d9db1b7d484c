using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>The daemon's state for a person: what matters first, then what this version does not know, then what to do. Pure.</summary>
internal static class StatusView
{
    private const int LeastFreePercent = 5;

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "version", "started_at", "containerd_mode", "containerd_version", "storage_driver", "storage_total_bytes", "storage_free_bytes", "cgroup_mode",
        "growth_unavailable", "sandboxes", "running_execs", "parked_slots", "parked_slots_target", "ready", "checks", "host", "pool", "configuration",
    };

    /// <param name="status">The daemon's status, with <c>ready</c>, <c>checks</c>, and where it has them <c>host</c> and <c>pool</c>.</param>
    /// <param name="now">For ages.</param>
    /// <param name="paint">Colours.</param>
    public static string Of(JsonObject status, DateTimeOffset now, Paint paint)
    {
        var lines = new Lines();
        lines.Add("sleighd", Join(", ", status.Text("version"), Views.AgeOf(status, "started_at", now) is { } age ? $"up {age}" : null));
        lines.Add("ready", Ready(status, paint));
        lines.Add("sandboxes", Counts(status.Object("sandboxes")));
        lines.Add("commands", status.Number("running_execs") is { } running ? $"{running} running" : null);
        lines.Add("pool", Pool(status));
        lines.Add("storage", Join(", ", status.Text("storage_driver"), Share(status, "storage_free_bytes", "storage_total_bytes", "free")));
        lines.Add("memory", Share(status.Object("host"), "memory_available_bytes", "memory_total_bytes", "available"));
        lines.Add("growth", status.Text("growth_unavailable") is { } why ? paint.Warning($"not available: {Human.OneLine(why)}") : "available");
        lines.Add("containerd", Join(", ", status.Text("containerd_version"), status.Text("containerd_mode")));
        lines.Add("cgroup", Join("", status.Text("cgroup_mode")));
        lines.Add("configuration", Configuration(status.Object("configuration"), paint));
        foreach ((string name, _) in status.Where(m => !Known.Contains(m.Key)))
        {
            lines.Add(Human.OneLine(name.Replace('_', ' ')), Join("", status.Show(name)));
        }

        var text = new StringBuilder(lines.ToString());
        foreach (string hint in Hints(status))
        {
            text.Append("-> ").Append(hint).Append('\n');
        }

        return text.ToString();
    }

    private static string? Ready(JsonObject status, Paint paint)
    {
        IReadOnlyList<JsonObject> checks = status.Items("checks");
        if (status.Flag("ready") == true)
        {
            string names = string.Join(", ", checks.Select(c => c.Text("name")));
            return paint.Good("yes") + (names.Length == 0 ? "" : $" ({Human.OneLine(names)})");
        }

        string failed = string.Join(", ", checks.Where(c => c.Flag("ok") != true).Select(c => Join(": ", c.Text("name"), c.Text("message"))));
        return paint.Bad("no") + (failed.Length == 0 ? "" : $", {failed}");
    }

    private static IEnumerable<string> Hints(JsonObject status)
    {
        if (status.Flag("ready") != true)
        {
            yield return "sleighctl doctor looks for the cause; so does the daemon's log (journalctl -u sleigh)";
        }

        if (status.Number("storage_free_bytes") is { } free && status.Number("storage_total_bytes") is > 0 and { } total && free * 100 / total < LeastFreePercent)
        {
            yield return "storage is nearly full: sleighctl image prune --dry-run, sleighctl ls, sleighctl rm";
        }

        if (status.Text("growth_unavailable") is not null)
        {
            yield return "memory limits cannot grow by themselves: sleighctl doctor says what the host lacks";
        }
    }

    // Nothing to say where all is in force.
    private static string? Configuration(JsonObject? configuration, Paint paint)
    {
        if (configuration.Text("refused") is { } refused)
        {
            return paint.Bad(Human.OneLine(refused));
        }

        string waiting = string.Join(", ", (configuration?["restart_needed"] as JsonArray ?? []).Select(k => k?.ToString()));
        return waiting.Length == 0 ? null : paint.Warning($"these need a restart: {Human.OneLine(waiting)}");
    }

    private static string? Pool(JsonObject status)
    {
        JsonObject? pool = status.Object("pool");
        long? ready = pool.Number("available") ?? status.Number("parked_slots");
        long? target = pool.Number("target_now") ?? pool.Number("target_size") ?? status.Number("parked_slots_target");
        return ready is null ? null : target == 0 ? "off" : $"{ready} of {target} ready";
    }

    private static string? Counts(JsonObject? counts) => counts is null ? null
        : counts.Count == 0 ? "none"
        : Human.OneLine(string.Join(", ", counts.Select(m => $"{counts.Show(m.Key)} {m.Key}")));

    private static string? Share(JsonObject? node, string part, string whole, string word) => node.Number(part) is { } bytes
        ? $"{Human.Bytes(bytes)} {word}" + (node.Number(whole) is { } all ? $" of {Human.Bytes(all)}" : "") : null;

    private static string? Join(string separator, params string?[] parts)
    {
        string text = string.Join(separator, parts.Where(p => !string.IsNullOrEmpty(p)));
        return text.Length == 0 ? null : Human.OneLine(text);
    }
}
