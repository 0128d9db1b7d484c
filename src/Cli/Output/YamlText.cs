using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Output;

/// <summary>
/// The JSON of an answer as YAML, in block style. Text that could be read as something else, or that could steer a terminal, is quoted
/// and escaped; quotes of this kind mean the same in YAML 1.1 and 1.2.
/// </summary>
internal static class YamlText
{
    // What YAML 1.1 or 1.2 reads as a boolean or as nothing.
    private static readonly HashSet<string> Words =
        new(["y", "n", "yes", "no", "on", "off", "true", "false", "null"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The text, with a line feed at the end.</summary>
    public static string Of(JsonNode node)
    {
        var text = new StringBuilder();
        if (node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            Block(text, node, 0);
        }
        else
        {
            text.Append(Inline(node)).Append('\n');
        }

        return text.ToString();
    }

    private static void Block(StringBuilder text, JsonNode node, int indent)
    {
        if (node is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members)
            {
                Indent(text, indent).Append(Scalar(name)).Append(':');
                Value(text, value, indent + 2, indent);
            }
        }
        else
        {
            foreach (JsonNode? item in node.AsArray())
            {
                Indent(text, indent).Append('-');
                if (item is JsonObject { Count: > 0 })
                {
                    // The first member stands on the line of the dash.
                    var inner = new StringBuilder();
                    Block(inner, item, indent + 2);
                    text.Append(' ').Append(inner.ToString().AsSpan(indent + 2));
                }
                else
                {
                    Value(text, item, indent + 2, indent + 2);
                }
            }
        }
    }

    // Items of a list may stand as far left as the list's own name.
    private static void Value(StringBuilder text, JsonNode? value, int indent, int listIndent)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n');
            Block(text, value, value is JsonArray ? listIndent : indent);
        }
        else
        {
            text.Append(' ').Append(Inline(value)).Append('\n');
        }
    }

    private static string Inline(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when node.GetValueKind() == JsonValueKind.String => Scalar(node.GetValue<string>()),
        _ => node.ToJsonString(),
    };

    private static StringBuilder Indent(StringBuilder text, int indent) => text.Append(' ', indent);

    private static string Scalar(string value) => IsPlain(value) ? value : Quoted(value);

    private static bool IsPlain(string value) =>
        value.Length > 0 && (char.IsAsciiLetter(value[0]) || value[0] is '/' or '_') && value[^1] != ':'
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '.' or '-' or ':' or '@' or '+') && !Words.Contains(value);

    private static string Quoted(string value)
    {
        var text = new StringBuilder("\"");
        foreach (Rune rune in value.EnumerateRunes())
        {
            text.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                < 0x20 or (>= 0x7f and <= 0x9f) or 0x2028 or 0x2029 or 0xfeff => "\\u" + rune.Value.ToString("X4", CultureInfo.InvariantCulture),
                _ => rune.ToString(),
            });
        }

        return text.Append('"').ToString();
    }
}
