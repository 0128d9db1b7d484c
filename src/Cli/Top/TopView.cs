using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Top;

/// <summary>One sample of <c>/admin/top</c> as text, CPU shares from the sample before it. Pure: values in, lines out.</summary>
internal static class TopView
{
    /// <summary>CPU of each sandbox between two samples, in percent of one core; empty without a sample before.</summary>
    public static IReadOnlyDictionary<string, double> CpuPercent(JsonObject? before, JsonObject now)
    {
        var shares = new Dictionary<string, double>(StringComparer.Ordinal);
        if (before is null || (now.Time("time") - before.Time("time")) is not { Ticks: > 0 } passed)
        {
            return shares;
        }

        Dictionary<string, long> earlier = new(StringComparer.Ordinal);
        foreach (JsonObject item in before.Items())
        {
            if (item.Text("sandbox_id") is { } id && item.Number("cpu_usec") is { } usec)
            {
                earlier[id] = usec;
            }
        }

        foreach (JsonObject item in now.Items())
        {
            // After a rollback the counter begins anew.
            if (item.Text("sandbox_id") is { } id && item.Number("cpu_usec") is { } usec && earlier.TryGetValue(id, out long old) && usec >= old)
            {
                shares[id] = (usec - old) / passed.TotalMicroseconds * 100;
            }
        }

        return shares;
    }

    /// <summary>Host line, pool line, table.</summary>
    public static IReadOnlyList<string> Lines(
        JsonObject sample, IReadOnlyDictionary<string, double> cpu, TopSort sort, DateTimeOffset now, Paint paint)
    {
        string[] table = Table(Sorted(sample.Items(), cpu, sort), cpu, now).ToString().TrimEnd('\n').Split('\n');
        return [HostLine(sample), PoolLine(sample), "", paint.Reverse(table[0]), .. table[1..]];
    }

    /// <summary>The items in the order they are shown.</summary>
    public static IEnumerable<JsonObject> Sorted(IEnumerable<JsonObject> items, IReadOnlyDictionary<string, double> cpu, TopSort sort)
    {
        IOrderedEnumerable<JsonObject> sorted = sort switch
        {
            TopSort.Cpu => items.OrderByDescending(i => cpu.GetValueOrDefault(i.Text("sandbox_id") ?? "")),
            TopSort.Execs => items.OrderByDescending(i => i.Number("running_execs") ?? 0),
            TopSort.Name => items.OrderBy(i => i.Text("name") ?? "\uffff", StringComparer.Ordinal),
            _ => items.OrderByDescending(i => i.Number("memory_used_bytes") ?? 0),
        };
        return sorted.ThenBy(i => i.Text("sandbox_id"), StringComparer.Ordinal);
    }

    private static string HostLine(JsonObject sample)
    {
        JsonObject? host = sample.Object("host");
        List<string> parts = [];
        if (host.Number("logical_cores") is { } cores)
        {
            parts.Add($"{cores} cores");
        }

        if (host.Decimal("load1") is { } load)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"load {load:0.00}"));
        }

        if (host.Number("memory_available_bytes") is { } available && host.Number("memory_total_bytes") is { } total)
        {
            parts.Add($"memory {Human.Bytes(available)} available of {Human.Bytes(total)}");
        }

        if (host.Decimal("memory_pressure_some_avg10") is { } pressure)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"pressure {pressure:0.0} %"));
        }

        return "host  " + string.Join(", ", parts);
    }

    private static string PoolLine(JsonObject sample)
    {
        JsonObject? pool = sample.Object("pool");
        IReadOnlyList<JsonObject> items = sample.Items();
        string ready = pool is null ? "" : $"{pool.Show("available") ?? "?"} of {pool.Show("target_now") ?? "?"} ready; ";
        return $"pool  {ready}{items.Count} {(items.Count == 1 ? "sandbox" : "sandboxes")}, {items.Sum(i => i.Number("running_execs") ?? 0)} commands running";
    }

    private static Table Table(IEnumerable<JsonObject> items, IReadOnlyDictionary<string, double> cpu, DateTimeOffset now)
    {
        var table = new Table("ID", "NAME", "IMAGE", "STATUS", ">GRANTED", ">USED", ">USED%", ">PRESSURE", ">CPU%", ">PIDS", ">EXECS", ">AGE");
        foreach (JsonObject item in items)
        {
            long? limit = item.Number("memory_limit_bytes");
            long? used = item.Number("memory_used_bytes");
            table.Row(
                item.Text("sandbox_id"), item.Text("name"), item.Text("image"), item.Text("status"),
                Views.SizeOf(item, "memory_limit_bytes"), Views.SizeOf(item, "memory_used_bytes"),
                limit > 0 && used is not null ? Percent(100.0 * used.Value / limit.Value) : null,
                item.Decimal("memory_some_avg10") is { } some ? Percent(some) : null,
                cpu.TryGetValue(item.Text("sandbox_id") ?? "", out double share) ? Percent(share) : null,
                item.Show("pids"), item.Show("running_execs"), Views.AgeOf(item, "created", now));
        }

        return table;
    }

    private static string Percent(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
