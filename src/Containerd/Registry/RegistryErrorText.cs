using System.Net;
using System.Text;
using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>What a registry says when it refuses: its status, and the code and message in its body, cut short.</summary>
internal static class RegistryErrorText
{
    private const int MaxLength = 200;

    private static readonly string[] Names = ["details", "message", "error_description", "error"];

    public static string Of(HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        string said = Clean(FromJson(body) ?? "");
        return $"it said {(int)status} {Words(status)}{(said.Length == 0 ? "" : ": " + said)}";
    }

    public static RegistryErrorKind KindOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => RegistryErrorKind.NotFound,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.ProxyAuthenticationRequired => RegistryErrorKind.Denied,
        _ when IsPassing(status) => RegistryErrorKind.Network,
        _ => RegistryErrorKind.Other,
    };

    /// <summary>Whether another try may help.</summary>
    public static bool IsPassing(HttpStatusCode status) => (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;

    /// <summary>Text of others on one line, without control characters, and not too long.</summary>
    public static string Clean(string text)
    {
        string line = string.Join(' ', new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return line.Length > MaxLength ? line[..MaxLength] + "…" : line;
    }

    private static string Words(HttpStatusCode status) => string.Concat(
        status.ToString().Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? " " + c : c.ToString()));

    // {"errors":[{"code":"…","message":"…"}]} of the distribution specification, {"details":"…"} of token servers; else the text itself.
    private static string? FromJson(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return root.ToString();
            }

            if (root.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
            {
                return string.Join("; ", errors.EnumerateArray().Select(e => string.Join(": ", new[] { Text(e, "code"), Text(e, "message") }.Where(t => t.Length > 0))));
            }

            return Names.Select(n => Text(root, n)).FirstOrDefault(t => t.Length > 0);
        }
        catch (JsonException)
        {
            string text = Encoding.UTF8.GetString(body);
            return text.Contains('<', StringComparison.Ordinal) ? null : text;
        }
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
