using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>The daemon's answers as text for people. Pure: values in, text out.</summary>
internal static class Views
{
    /// <summary>Sandboxes, a row each.</summary>
    public static string Sandboxes(IEnumerable<JsonObject> sandboxes, DateTimeOffset now)
    {
        var table = new Table("ID", "NAME", "IMAGE", "STATUS", ">MEMORY", "SESSION", ">AGE");
        foreach (JsonObject s in sandboxes)
        {
            table.Row(
                s.Text("sandbox_id"), s.Text("name"), s.Text("image"), s.Text("status"),
                s.Number("memory_limit_mb") is { } mb ? Human.Bytes(mb << 20) : null,
                s.Text("session_id") ?? s.Object("labels").Text("session_id"),
                AgeOf(s, "created", now));
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
        var table = new Table("NAME", "DIGEST", ">SIZE", ">AGE");
        foreach (JsonObject image in images)
        {
            string? digest = image.Text("digest");
            table.Row(
                image.Text("name"), digest is { Length: > 19 } ? digest[..19] : digest, SizeOf(image, "size_bytes"), AgeOf(image, "created", now));
        }

        return table.ToString();
    }

    /// <summary>Checks of the host: result, name, what was seen, and the remedy below a check that did not pass.</summary>
    public static string Doctor(IEnumerable<JsonObject> checks)
    {
        JsonObject[] all = [.. checks];
        int width = all.Max(c => c.Text("name")?.Length) ?? 0;
        var text = new StringBuilder();
        foreach (JsonObject check in all)
        {
            string name = Human.OneLine(check.Text("name") ?? "").PadRight(width);
            string line = $"{check.Text("result"),-4}  {name}  {Human.OneLine(check.Text("seen") ?? "")}";
            text.Append(line.TrimEnd()).Append('\n');
            if (check.Text("result") != "ok" && check.Text("remedy") is { Length: > 0 } remedy)
            {
                text.Append(new string(' ', width + 8)).Append("-> ").Append(Human.OneLine(remedy)).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>The daemon's state: a line for each member, in the daemon's order, bytes and times made readable.</summary>
    public static string Status(JsonObject status, DateTimeOffset now)
    {
        (string Name, string Value)[] lines = [.. status.SelectMany(member => StatusLines(status, member.Key, now))];
        int width = lines.Length == 0 ? 0 : lines.Max(l => l.Name.Length);
        return string.Concat(lines.Select(l => $"{l.Name.PadRight(width)}  {Human.OneLine(l.Value)}".TrimEnd() + "\n"));
    }

    private static IEnumerable<(string Name, string Value)> StatusLines(JsonObject status, string name, DateTimeOffset now)
    {
        string label = name.Replace('_', ' ');
        if (status.Object(name) is { } members)
        {
            string counts = string.Join(", ", members.Select(m => $"{members.Show(m.Key)} {m.Key}"));
            yield return (label, counts.Length == 0 ? "none" : counts);
        }
        else if (name.EndsWith("_bytes", StringComparison.Ordinal) && status.Number(name) is { } bytes)
        {
            yield return (label[..^" bytes".Length], Human.Bytes(bytes));
        }
        else if (status.Items(name) is { Count: > 0 } items)
        {
            foreach (JsonObject item in items)
            {
                yield return (label, string.Join(" ", item.Select(m => item.Show(m.Key))));
            }
        }
        else if (name is "started" or "started_at" && AgeOf(status, name, now) is { } age)
        {
            yield return (label, $"{status.Text(name)} ({age} ago)");
        }
        else if (status.Show(name) is { } text)
        {
            yield return (label, text);
        }
    }

    private static string? SizeOf(JsonObject node, string name) => node.Number(name) is { } bytes ? Human.Bytes(bytes) : null;

    private static string? AgeOf(JsonObject node, string name, DateTimeOffset now) =>
        node.Time(name) is { } time ? Human.Age(now - time) : null;
}
