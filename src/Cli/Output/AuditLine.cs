using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>A line of the audit log for a person: when, who, what, how it ended, to what.</summary>
internal static class AuditLine
{
    public static string Of(JsonObject entry)
    {
        string[] words =
        [
            (entry.Time("time")?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "-").PadRight(23),
            Who(entry).PadRight(28),
            (entry.Text("operation") ?? "-").PadRight(16),
            How(entry).PadRight(3),
            .. entry["targets"] is JsonArray targets ? targets.OfType<JsonValue>().Select(t => t.ToString()) : [],
            .. entry["commands"] is JsonArray commands ? commands.OfType<JsonValue>().Select(c => $"'{c}'") : [],
        ];
        return Human.OneLine(string.Join("  ", words)).TrimEnd() + "\n";
    }

    // On the socket the kernel says who it is; a session that was named beside it is no less of interest.
    private static string Who(JsonObject entry)
    {
        string? uid = entry.Number("uid") is { } number ? $"uid={number}" : null;
        string? key = entry.Text("api_key") is { } name ? name["sha256:".Length..] : null;
        string[] parts = [.. new[] { uid, entry.Text("session"), key is null ? null : $"key={key}" }.OfType<string>()];
        return parts.Length > 0 ? string.Join(' ', parts) : entry.Text("address") ?? "-";
    }

    private static string How(JsonObject entry)
    {
        string result = entry.Text("phase") == "begun" ? "..." : entry.Number("status")?.ToString(CultureInfo.InvariantCulture) ?? "-";
        return entry.Text("code") is { } code ? $"{result} {code}" : entry.Number("lost") is { } lost ? $"{lost} lines"
            : entry.Number("refused") is { } refused ? $"{refused} calls" : entry.Text("reason") ?? result;
    }
}
