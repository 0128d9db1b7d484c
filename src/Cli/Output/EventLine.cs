using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>An event of the daemon as a line for a person: when, what, where, and its data as far as it is short.</summary>
internal static class EventLine
{
    private const int MostDataCharacters = 110;

    public static string Of(JsonObject happened)
    {
        string time = happened.Time("time")?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "-";
        string[] words =
        [
            time.PadRight(23),
            (happened.Text("type") ?? "-").PadRight(20),
            (happened.Text("sandbox_id") ?? happened.Text("session_id") ?? "-").PadRight(16),
            Data(happened),
        ];
        return Human.OneLine(string.Join("  ", words)).TrimEnd() + "\n";
    }

    private static string Data(JsonObject happened)
    {
        JsonObject data = happened.Object("data") ?? [];
        IEnumerable<string> words = data.Where(m => IsShort(m.Value)).Select(m => $"{m.Key}={data.Show(m.Key)}");
        if (happened.Text("exec_id") is { } exec)
        {
            words = words.Where(w => w != $"id={exec}" && !w.StartsWith("sandbox_id=", StringComparison.Ordinal)).Prepend(exec);
        }

        string text = string.Join(" ", words);
        return text.Length <= MostDataCharacters ? text : text[..(MostDataCharacters - 3)] + "...";
    }

    private static bool IsShort(JsonNode? value) =>
        value is not null && value.GetValueKind() is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False;
}
