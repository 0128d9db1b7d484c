using System.Text.Json;

namespace Sleigh.Api.OpenApi;

/// <summary>Writes schemas as JSON Schema 2020-12, which is what OpenAPI 3.1 takes.</summary>
internal static class SchemaWriter
{
    public static void Write(Utf8JsonWriter json, Schema schema)
    {
        json.WriteStartObject();
        WriteText(json, "$ref", schema.Ref is null ? null : $"#/components/schemas/{schema.Ref}");
        WriteText(json, "type", schema.Type);
        WriteText(json, "description", schema.Description);
        WriteText(json, "format", schema.Format);
        WriteText(json, "pattern", schema.Pattern);
        WriteWords(json, "enum", schema.Enum);
        WriteDefault(json, schema.Default);
        WriteNumber(json, "minimum", schema.Minimum);
        WriteNumber(json, "maximum", schema.Maximum);
        WriteNumber(json, "maxLength", schema.MaxLength);
        WriteNumber(json, schema.Type == "array" ? "maxItems" : "maxProperties", schema.MaxCount);
        if (schema.Items is not null)
        {
            json.WritePropertyName("items");
            Write(json, schema.Items);
        }

        if (schema.Members is not null)
        {
            WriteMembers(json, schema.Members);
        }

        if (schema.Values is not null)
        {
            json.WritePropertyName("additionalProperties");
            Write(json, schema.Values);
        }

        if (schema.AnyOf is not null)
        {
            json.WriteStartArray("anyOf");
            foreach (Schema one in schema.AnyOf)
            {
                Write(json, one);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, IReadOnlyList<Member> members)
    {
        json.WriteStartObject("properties");
        foreach (Member member in members)
        {
            json.WritePropertyName(member.Name);
            Write(json, member.Schema);
        }

        json.WriteEndObject();
        string[] required = [.. members.Where(m => !m.Optional).Select(m => m.Name)];
        WriteWords(json, "required", required.Length > 0 ? required : null);
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } figure)
        {
            json.WriteNumber(name, figure);
        }
    }

    private static void WriteWords(Utf8JsonWriter json, string name, IReadOnlyList<string>? words)
    {
        if (words is null)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (string word in words)
        {
            json.WriteStringValue(word);
        }

        json.WriteEndArray();
    }

    private static void WriteDefault(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: break;
            case string text: json.WriteString("default", text); break;
            case bool flag: json.WriteBoolean("default", flag); break;
            case int number: json.WriteNumber("default", number); break;
            case double number: json.WriteNumber("default", number); break;
            default: throw new ArgumentOutOfRangeException(nameof(value), value, "no default of this kind");
        }
    }
}
