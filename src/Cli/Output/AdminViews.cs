using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>Sessions, the pool, one sandbox in full and the configuration, as text for people. Pure: values in, text out.</summary>
internal static class AdminViews
{
    /// <summary>Sessions, a row each.</summary>
    public static string Sessions(IEnumerable<JsonObject> sessions, DateTimeOffset now)
    {
        var table = new Table("ID", ">SANDBOXES", ">RUNNING", ">AGE", ">LAST USED", "EXPIRES");
        foreach (JsonObject s in sessions)
        {
            table.Row(
                s.Text("session_id"), s.Show("sandboxes"), s.Show("running_execs"), Views.AgeOf(s, "created_at", now), Views.AgeOf(s, "last_used_at", now),
                s.Flag("administrator") == true ? "never (administrator)" : s.Text("expires_at") ?? "never");
        }

        return table.ToString();
    }

    /// <summary>The pool: what is ready, what is wanted, how well it served.</summary>
    public static string Pool(JsonObject pool)
    {
        long hits = pool.Number("hits") ?? 0;
        long misses = pool.Number("misses") ?? 0;
        string served = hits + misses == 0 ? "no create has asked yet"
            : string.Create(CultureInfo.InvariantCulture, $"{hits} of {hits + misses} creates ({100 * hits / (hits + misses)} %)");
        var lines = new Lines();
        lines.Add("pool", pool.Flag("enabled") == false ? "off (pool.size is 0)" : null);
        lines.Add("ready", Of(pool, "available", "target_now", "target_size"));
        lines.Add("being made", pool.Show("making"));
        lines.Add("size", pool.Show("target_size") is { } size ? size + (pool.Show("max_size") is { } most ? $", with demand up to {most}" : "") : null);
        lines.Add("image", OneLine(pool.Text("image")));
        lines.Add("memory", pool.Number("memory_mb") is { } mb ? Human.Bytes(mb << 20) : null);
        lines.Add("served", served);
        lines.Add("made", pool.Show("refill_total"));
        lines.Add("dropped", pool.Show("dropped"));
        return lines.ToString();
    }

    /// <summary>One sandbox with its place on the host, its snapshots and its latest commands.</summary>
    public static string Inspect(JsonObject all, DateTimeOffset now)
    {
        JsonObject sandbox = all.Object("sandbox") ?? [];
        var text = new StringBuilder(Members(sandbox));
        Section(text, "on the host", Members(all.Object("host") ?? []));
        Section(text, "snapshots", all.Items("snapshots") is { Count: > 0 } snapshots ? Views.Snapshots(snapshots, now) : "");
        Section(text, "latest commands", all.Items("execs") is { Count: > 0 } execs ? Execs(execs, now) : "");
        return text.ToString();
    }

    /// <summary>Execs, a row each.</summary>
    public static string Execs(IEnumerable<JsonObject> execs, DateTimeOffset now)
    {
        var table = new Table("ID", "STATUS", ">EXIT", "ORIGIN", ">AGE", ">TOOK", ">STDOUT", ">STDERR");
        foreach (JsonObject e in execs)
        {
            table.Row(
                e.Text("id"), e.Text("status"), e.Show("exit_code"), e.Text("origin"), Views.AgeOf(e, "started_at", now), Took(e, now),
                Views.SizeOf(e, "stdout_bytes"), Views.SizeOf(e, "stderr_bytes"));
        }

        return table.ToString();
    }

    /// <summary>The configuration in force, a row for each setting.</summary>
    public static string Config(IEnumerable<JsonObject> items)
    {
        var table = new Table("KEY", "VALUE", "FROM");
        foreach (JsonObject item in items)
        {
            table.Row(item.Text("key"), item.Show("value"), item.Text("source"));
        }

        return table.ToString();
    }

    /// <summary>What a reload did.</summary>
    public static string Reload(JsonObject answer)
    {
        string changed = Keys(answer, "changed");
        string restart = Keys(answer, "restart_needed");
        string text = changed.Length > 0 ? $"changed: {changed}\n" : restart.Length == 0 ? "nothing has changed\n" : "";
        return restart.Length > 0 ? $"{text}these need a restart: {restart}\n" : text;
    }

    private static string Keys(JsonObject answer, string name) =>
        string.Join(", ", (answer[name] as JsonArray ?? []).Select(k => Human.OneLine(k?.ToString() ?? "")));

    // Members in the daemon's order: known and unknown ones alike.
    private static string Members(JsonObject node)
    {
        var lines = new Lines();
        foreach ((string name, JsonNode? value) in node)
        {
            string? shown = value switch
            {
                JsonObject members => string.Join(", ", members.Select(m => $"{m.Key}={members.Show(m.Key)}")),
                _ when name.EndsWith("_mb", StringComparison.Ordinal) && node.Number(name) is { } mb => Human.Bytes(mb << 20),
                _ when name.EndsWith("_bytes", StringComparison.Ordinal) && node.Number(name) is { } bytes => Human.Bytes(bytes),
                _ => node.Show(name),
            };
            string label = name.EndsWith("_mb", StringComparison.Ordinal) ? name[..^"_mb".Length] : name;
            lines.Add(Human.OneLine(label.Replace('_', ' ')), OneLine(shown));
        }

        return lines.ToString();
    }

    private static void Section(StringBuilder text, string heading, string body)
    {
        if (body.Length > 0)
        {
            text.Append('\n').Append(heading).Append(":\n");
            foreach (string line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                text.Append("  ").Append(line).Append('\n');
            }
        }
    }

    private static string? Took(JsonObject exec, DateTimeOffset now)
    {
        if (exec.Object("usage").Number("wall_ms") is { } ms)
        {
            return ms < 10_000 ? Human.Milliseconds(ms) : Human.Age(TimeSpan.FromMilliseconds(ms));
        }

        return exec.Time("started_at") is { } start ? Human.Age((exec.Time("completed_at") ?? now) - start) : null;
    }

    private static string? Of(JsonObject node, string part, params string[] wholes)
    {
        string? whole = wholes.Select(w => node.Show(w)).FirstOrDefault(w => w is not null);
        return node.Show(part) is { } have ? have + (whole is null ? "" : $" of {whole}") : null;
    }

    private static string? OneLine(string? text) => text is null ? null : Human.OneLine(text);
}
