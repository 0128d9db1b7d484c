using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>The host's memory ledger and the memory of sandboxes as text for people. Pure: values in, text out.</summary>
internal static class MemoryViews
{
    private const int DecisionsShown = 20;

    /// <summary>The ledger, and a row for each sandbox.</summary>
    public static string All(JsonObject all, Paint paint)
    {
        var table = new Table("ID", "NAME", ">LIMIT", ">BRAKE", ">WALL", ">USAGE", ">WORKING SET", ">PROMISED", ">STALL%", "STATE");
        foreach (JsonObject s in all.Items())
        {
            table.Row(
                s.Text("sandbox_id"), s.Text("name"), Megabytes(s, "limit_mb"), Brake(s), Views.SizeOf(s, "wall_bytes"), Views.SizeOf(s, "usage_bytes"),
                Views.SizeOf(s, "working_set_bytes"), Views.SizeOf(s, "promised_bytes"), Percent(s, "stall_some_avg10"), State(s));
        }

        return $"{Ledger(all, paint)}\n{table}";
    }

    /// <summary>One sandbox, and its last decisions with what went into them.</summary>
    public static string One(JsonObject memory, Paint paint)
    {
        JsonObject? events = memory.Object("events");
        var lines = new Lines();
        lines.Add("sandbox", OneLine(memory.Text("name") is { } name ? $"{memory.Text("sandbox_id")} ({name})" : memory.Text("sandbox_id")));
        lines.Add("state", State(memory));
        lines.Add("growth", memory.Text("growth_unavailable") is { } off ? paint.Warning($"not by itself: {Human.OneLine(off)}") : "by itself");
        lines.Add("near limit", OneLine(memory.Text("near_limit")));
        lines.Add("limit", Megabytes(memory, "limit_mb") is { } limit ? $"{limit}, started with {Megabytes(memory, "start_mb")}" : null);
        lines.Add("brake", Brake(memory));
        lines.Add("wall", Views.SizeOf(memory, "wall_bytes"));
        lines.Add("ceiling", Views.SizeOf(memory, "ceiling_bytes"));
        lines.Add("usage", Views.SizeOf(memory, "usage_bytes"));
        lines.Add("working set", Views.SizeOf(memory, "working_set_bytes"));
        lines.Add("promised", Views.SizeOf(memory, "promised_bytes"));
        lines.Add("stall", Stalls(memory.Object("psi")));
        lines.Add("CPU", memory.Decimal("cpu_throttled_share") is { } share ? string.Create(CultureInfo.InvariantCulture, $"at its limit in {share * 100:0.0} % of the periods") : null);
        lines.Add("counters", events is null ? null : $"brake {events.Show("high")}, wall {events.Show("max")}, out of memory {events.Show("oom")}, killed {events.Show("oom_kill")}");
        lines.Add("priority", memory.Show("priority"));
        IReadOnlyList<JsonObject> decisions = memory.Items("decisions");
        string made = decisions.Count == 0 ? "no decisions yet\n" : $"last decisions:\n{Decisions(decisions.Take(DecisionsShown))}";
        return $"{lines}\n{Ledger(memory, paint)}\n{made}";
    }

    /// <summary>What became of a manual growth.</summary>
    public static string Expanded(JsonObject answer)
    {
        string what = answer.Flag("triggered") == true
            ? $"limit raised from {Megabytes(answer, "from_mb")} to {Megabytes(answer, "to_mb")}"
            : $"limit stays at {Megabytes(answer, "from_mb")}";
        return $"{what}: {Human.OneLine(answer.Text("reason") ?? "no reason given")}\n";
    }

    /// <summary>Questions with their answers below them.</summary>
    public static string Explained(JsonObject explanation, Paint paint) => string.Join('\n', explanation.Items("answers").Select(a =>
        $"{paint.Strong(Human.OneLine(a.Text("question") ?? ""))}\n  {Human.OneLine(a.Text("answer") ?? "")}\n"));

    private static string Ledger(JsonObject node, Paint paint)
    {
        JsonObject? ledger = node.Object("ledger");
        string? Size(string name) => ledger is null ? null : Views.SizeOf(ledger, name);
        var lines = new Lines();
        lines.Add("host", Size("available_bytes") is { } available ? $"{available} available of {Size("total_bytes")}, {Size("reserve_bytes")} never promised" : null);
        lines.Add("ledger", Size("budget_bytes") is { } budget
            ? $"budget {budget}, promised {Size("promised_bytes")}, in use {Size("used_bytes")}, reclaimable {Size("reclaimable_bytes")}, limits {Size("limits_bytes")}" : null);
        lines.Add("room", Size("room_bytes") is { } room ? $"{room} ({Human.OneLine(ledger.Text("room_reason") ?? "")})" : null);
        lines.Add("signals", node.Text("signals") == ledger.Text("growth_unavailable") ? null : OneLine(node.Text("signals")));
        lines.Add("growth", ledger.Text("growth_unavailable") is { } off ? paint.Warning($"not available: {Human.OneLine(off)}") : null);
        return lines.ToString();
    }

    private static Table Decisions(IEnumerable<JsonObject> decisions)
    {
        var table = new Table(
            "TIME", "WHAT", "BY", ">FROM", ">TO", ">WANTED", ">USAGE", ">WORKING SET", ">WALL", ">GREW/S", ">STALL", ">ROOM", ">BACK", ">DELAY", "REASON");
        foreach (JsonObject d in decisions)
        {
            table.Row(
                d.Time("time")?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), d.Text("action"), d.Text("trigger"),
                Megabytes(d, "from_mb"), Megabytes(d, "to_mb"), Megabytes(d, "wanted_mb"), Views.SizeOf(d, "usage_bytes"),
                Views.SizeOf(d, "working_set_bytes"), Views.SizeOf(d, "wall_bytes"), Views.SizeOf(d, "slope_bytes_per_second"), Micros(d, "stall_usec"),
                Views.SizeOf(d, "room_bytes"), Views.SizeOf(d, "given_back_bytes"), Micros(d, "delay_usec"), d.Text("reason"));
        }

        return table;
    }

    private static string State(JsonObject s) =>
        s.Flag("squeezed") == true ? "frozen to save memory"
        : s.Text("status") is { } status and not "running" ? Human.OneLine(status)
        : s.Flag("waiting") == true ? "waits for room"
        : s.Text("growth_unavailable") is not null ? "fixed limit" : "grows";

    private static string? Brake(JsonObject s) => Views.SizeOf(s, "brake_bytes") ?? (s.Number("wall_bytes") is null ? null : "none");

    private static string? Stalls(JsonObject? psi) => psi.Decimal("some_avg10") is { } some && psi.Decimal("full_avg10") is { } full
        ? string.Create(CultureInfo.InvariantCulture, $"{some:0.00} % some, {full:0.00} % full in the last 10 s; {(psi.Number("some_total_usec") ?? 0) / 1000.0:0.0} ms in all")
        : null;

    private static string? Megabytes(JsonObject node, string name) => node.Number(name) is { } mb ? $"{mb} MB" : null;

    private static string? Percent(JsonObject node, string name) => node.Decimal(name)?.ToString("0.0", CultureInfo.InvariantCulture);

    private static string? Micros(JsonObject node, string name) => node.Number(name) is { } usec ? Human.Milliseconds(usec / 1000.0) : null;

    private static string? OneLine(string? text) => text is null ? null : Human.OneLine(text);
}
