using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>The daemon's answers as text for people. Pure: values in, text out.</summary>
internal static class Views
{
    /// <summary>Sandboxes, a row each.</summary>
    public static string Sandboxes(IEnumerable<JsonObject> sandboxes, DateTimeOffset now, bool wide = false)
    {
        string[] more = wide ? [">CEILING", ">CPUS", "NETWORK", ">USED", "PARENT", "LABELS"] : [];
        var table = new Table(["ID", "NAME", "IMAGE", "STATUS", ">MEMORY", "SESSION", ">AGE", .. more]);
        foreach (JsonObject s in sandboxes)
        {
            string?[] rest = wide
                ? [Megabytes(s, "memory_ceiling_mb"), s.Show("cpus"), s.Text("network"), AgeOf(s, "last_used_at", now), s.Object("parent").Text("sandbox_id"), Labels(s)]
                : [];
            table.Row(
            [
                s.Text("sandbox_id"), s.Text("name"), s.Text("image"), s.Text("status"), Megabytes(s, "memory_limit_mb"),
                s.Text("session_id") ?? s.Object("labels").Text("session_id"), AgeOf(s, "created", now), .. rest,
            ]);
        }

        return table.ToString();
    }

    /// <summary>Snapshots of a sandbox, a row each.</summary>
    public static string Snapshots(IEnumerable<JsonObject> snapshots, DateTimeOffset now)
    {
        var table = new Table("ID", "NAME", "PARENT", ">SIZE", "DURABLE", ">AGE", "COMMENT");
        foreach (JsonObject s in snapshots)
        {
            table.Row(
                s.Text("id"), s.Text("name"), s.Text("parent_id"), SizeOf(s, "bytes"),
                s.Flag("durable") switch { true => "yes", false => "not yet", null => null }, AgeOf(s, "created", now), s.Text("comment"));
        }

        return table.ToString();
    }

    /// <summary>Images, a row each.</summary>
    public static string Images(IEnumerable<JsonObject> images, DateTimeOffset now)
    {
        var table = new Table("NAME", "DIGEST", ">SIZE", ">AGE", "IN USE", ">LAST USED");
        foreach (JsonObject image in images)
        {
            string? digest = image.Text("digest");
            table.Row(
                image.Text("name"), digest is { Length: > 19 } ? digest[..19] : digest, SizeOf(image, "size_bytes"), AgeOf(image, "created", now),
                image.Flag("in_use") switch { true => "yes", false => "no", null => null }, AgeOf(image, "last_used_at", now));
        }

        return table.ToString();
    }

    /// <summary>Checks of the host: result, name, what was seen, the remedy below a check that did not pass, and how many there were of each.</summary>
    public static string Doctor(IEnumerable<JsonObject> checks, Paint paint)
    {
        JsonObject[] all = [.. checks];
        int width = all.Max(c => c.Text("name")?.Length) ?? 0;
        var text = new StringBuilder();
        foreach (JsonObject check in all)
        {
            string name = Human.OneLine(check.Text("name") ?? "").PadRight(width);
            string result = Human.OneLine(check.Text("result") ?? "").PadRight(4);
            string painted = result.Trim() switch { "ok" => paint.Good(result), "warn" => paint.Warning(result), "fail" => paint.Bad(result), _ => result };
            text.Append($"{painted}  {name}  {Human.OneLine(check.Text("seen") ?? "")}".TrimEnd()).Append('\n');
            if (check.Text("result") != "ok" && check.Text("remedy") is { Length: > 0 } remedy)
            {
                text.Append(new string(' ', width + 8)).Append("-> ").Append(Human.OneLine(remedy)).Append('\n');
            }
        }

        return all.Length == 0 ? "" : text.Append(DoctorSum(all)).Append('\n').ToString();
    }

    /// <summary>A member in bytes, readable; null when there is none.</summary>
    public static string? SizeOf(JsonObject node, string name) => node.Number(name) is { } bytes ? Human.Bytes(bytes) : null;

    /// <summary>How long ago a member's time is; null when there is none.</summary>
    public static string? AgeOf(JsonObject node, string name, DateTimeOffset now) =>
        node.Time(name) is { } time ? Human.Age(now - time) : null;

    private static string DoctorSum(IReadOnlyList<JsonObject> checks)
    {
        int Count(string result) => checks.Count(c => c.Text("result") == result);
        int warnings = Count("warn");
        return $"{Count("ok")} ok, {warnings} {(warnings == 1 ? "warning" : "warnings")}, {Count("fail")} failed";
    }

    private static string? Megabytes(JsonObject node, string name) => node.Number(name) is { } mb ? Human.Bytes(mb << 20) : null;

    // The session's id is a label too; it has a column of its own.
    private static string Labels(JsonObject sandbox) =>
        string.Join(",", (sandbox.Object("labels") ?? []).Where(l => l.Key != "session_id").Select(l => $"{l.Key}={sandbox.Object("labels").Show(l.Key)}"));
}
