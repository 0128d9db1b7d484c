using System.Text.Json.Nodes;

namespace Sleigh.TestSupport;

/// <summary>Request bodies, written in one line.</summary>
public static class JsonFields
{
    public static JsonObject With(this JsonObject body, string field, JsonNode? value)
    {
        body[field] = value;
        return body;
    }

    public static JsonObject Of(string field, JsonNode? value) => new() { [field] = value };
}
