using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Output;

/// <summary>JSON for <c>-o json</c>: one object, indented, readable text left as it is.</summary>
internal static class JsonText
{
    // Text of another language stays readable; what could steer a terminal (C1 controls too) is escaped by this encoder.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text with a line feed at the end.</summary>
    public static string Of(JsonNode node) => Write(node, Options);

    /// <summary>The same on one line.</summary>
    public static string Line(JsonNode node) => Write(node, Options with { Indented = false });

    private static string Write(JsonNode node, JsonWriterOptions options)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, options))
        {
            node.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }
}
