using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sleigh.Api.Json;

/// <summary>
/// The fingerprint of a request for Idempotency-Key: equal for equal path and equal JSON, whatever the order of members and the
/// white space. The session token is left out, and so are the values of secrets: it is recorded, and a short secret could be found by trying.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>SHA-256 in hex. No body counts as an empty object.</summary>
    public static string Fingerprint(string path, JsonElement? body)
    {
        ArrayBufferWriter<byte> buffer = new();
        buffer.Write(Encoding.UTF8.GetBytes(path));
        buffer.Write("\n"u8);
        using (Utf8JsonWriter json = new(buffer))
        {
            if (body is { } root)
            {
                WriteObject(json, root, skip: "session_token", namesOnly: "secrets");
            }
            else
            {
                json.WriteStartObject();
                json.WriteEndObject();
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static void WriteObject(Utf8JsonWriter json, JsonElement value, string? skip, string? namesOnly = null)
    {
        SortedDictionary<string, JsonElement> members = new(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        json.WriteStartObject();
        foreach ((string name, JsonElement member) in members)
        {
            if (name == namesOnly && member.ValueKind == JsonValueKind.Object)
            {
                WriteNames(json, name, member);
            }
            else if (name != skip)
            {
                json.WritePropertyName(name);
                Write(json, member);
            }
        }

        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string name, JsonElement members)
    {
        json.WriteStartArray(name);
        foreach (string one in members.EnumerateObject().Select(m => m.Name).Distinct().Order(StringComparer.Ordinal))
        {
            json.WriteStringValue(one);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(json, value, skip: null);
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(json, item);
                }

                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                json.WriteStringValue(value.GetString());
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }
}
