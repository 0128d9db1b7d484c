using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>Deliveries of webhooks as text for people. Pure: values in, text out.</summary>
internal static class WebhookViews
{
    /// <summary>How many wait, and a row for each delivery.</summary>
    public static string All(JsonObject all, DateTimeOffset now)
    {
        var table = new Table("ID", "STATE", ">TRIES", ">AGE", ">NEXT", "EXEC", "TO", "LAST");
        foreach (JsonObject d in all.Items())
        {
            table.Row(
                d.Text("delivery_id"), d.Text("state"), d.Show("attempts"), Views.AgeOf(d, "created_at", now), Next(d, now), d.Text("exec_id"),
                d.Text("webhook_url"), Last(d));
        }

        return $"{(all.Number("queued") is { } queued ? $"{queued} waiting\n\n" : "")}{table}";
    }

    /// <summary>One delivery, its tries and its body.</summary>
    public static string One(JsonObject delivery, Paint paint)
    {
        var lines = new Lines();
        lines.Add("delivery", OneLine(delivery.Text("delivery_id")));
        lines.Add("state", delivery.Text("state") is { } state ? state == "failed" ? paint.Warning("failed") : Human.OneLine(state) : null);
        lines.Add("to", OneLine(delivery.Text("webhook_url")));
        lines.Add("exec", OneLine(delivery.Text("exec_id")));
        lines.Add("sandbox", OneLine(delivery.Text("sandbox_id")));
        lines.Add("session", OneLine(delivery.Text("session_id")));
        lines.Add("queued", OneLine(delivery.Text("created_at")));
        lines.Add("next try", OneLine(delivery.Text("next_try_at")));
        lines.Add("over", OneLine(delivery.Text("completed_at")));
        var table = new Table(">TRY", "BEGUN", ">TOOK", ">STATUS", "ERROR");
        foreach (JsonObject t in delivery.Items("tries"))
        {
            table.Row(t.Show("attempt"), t.Text("started_at"), Took(t), t.Show("status"), t.Text("error"));
        }

        return $"{lines}\n{table}\nbody\n  {Human.OneLine(delivery.Text("body") ?? "")}\n";
    }

    private static string? Last(JsonObject d) => d.Text("last_error") ?? (d.Number("last_status") is { } status ? $"status {status}" : null);

    private static string? Next(JsonObject d, DateTimeOffset now) => d.Time("next_try_at") is { } next ? Human.Age(next - now) : null;

    private static string? Took(JsonObject t) =>
        t.Time("started_at") is { } begun && t.Time("ended_at") is { } ended ? Human.Milliseconds((ended - begun).TotalMilliseconds) : null;

    private static string? OneLine(string? text) => text is null ? null : Human.OneLine(text);
}
