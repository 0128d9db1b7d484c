using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Api;

/// <summary>
/// Reads members of replies. A missing member and one of another type are the same: null. So a daemon of another version is shown
/// as far as it is understood.
/// </summary>
internal static class JsonFields
{
    /// <summary>A string member, or null.</summary>
    public static string? Text(this JsonNode? node, string name) =>
        Member(node, name) is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>A whole-number member, or null.</summary>
    public static long? Number(this JsonNode? node, string name) =>
        Member(node, name) is JsonValue value && value.TryGetValue(out long number) ? number : null;

    /// <summary>A number member, whole or not, or null.</summary>
    public static double? Decimal(this JsonNode? node, string name) =>
        Member(node, name) is JsonValue value && value.TryGetValue(out double number) ? number : null;

    /// <summary>A boolean member, or null.</summary>
    public static bool? Flag(this JsonNode? node, string name) =>
        Member(node, name) is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    /// <summary>A time member (RFC 3339), or null.</summary>
    public static DateTimeOffset? Time(this JsonNode? node, string name) =>
        DateTimeOffset.TryParse(Text(node, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time : null;

    /// <summary>The objects of a list member; empty when there is none.</summary>
    public static IReadOnlyList<JsonObject> Items(this JsonNode? node, string name = "items") =>
        Member(node, name) is JsonArray items ? [.. items.OfType<JsonObject>()] : [];

    /// <summary>An object member, or null.</summary>
    public static JsonObject? Object(this JsonNode? node, string name) => Member(node, name) as JsonObject;

    /// <summary>Any member as text: strings without quotes, the rest as JSON.</summary>
    public static string? Show(this JsonNode? node, string name) =>
        Member(node, name) is not { } member ? null
        : member.GetValueKind() == JsonValueKind.String ? Text(node, name) : member.ToJsonString();

    /// <summary>An array of strings.</summary>
    public static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]);

    private static JsonNode? Member(JsonNode? node, string name) =>
        node is JsonObject members && members.TryGetPropertyValue(name, out JsonNode? member) ? member : null;
}
