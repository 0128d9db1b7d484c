using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sleigh.Api.Routing;

namespace Sleigh.Api.OpenApi;

/// <summary>Endpoint 39: the OpenAPI 3.1 document, made from the endpoints and their rows.</summary>
internal static class ApiDocument
{
    private static readonly Dictionary<string, Member> PathVariables = new(StringComparer.Ordinal)
    {
        ["id"] = Make.Has("id", Make.Id("sbx"), "The sandbox."),
        ["execId"] = Make.Has("execId", Make.Id("exec"), "The command."),
        ["snapshotId"] = Make.Has("snapshotId", Make.Id("snap"), "The snapshot."),
        ["mountId"] = Make.Has("mountId", Make.Id("mnt"), "The mount."),
        ["port"] = Make.Has("port", Make.Int.AtLeast(1).AtMost(65_535), "The port in the sandbox."),
        ["sessionId"] = Make.Has("sessionId", Make.Text, "The id of the session, or its token."),
    };

    /// <summary>The document, indented, ending in a line feed.</summary>
    public static byte[] Render(string version)
    {
        ArrayBufferWriter<byte> text = new(256 * 1024);
        JsonWriterOptions options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(text, options))
        {
            Write(json, version);
        }

        text.Write("\n"u8);
        return text.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string version)
    {
        json.WriteStartObject();
        json.WriteString("openapi", "3.1.0");
        json.WriteStartObject("info");
        json.WriteString("title", "Sleigh");
        json.WriteString("version", version);
        json.WriteString("summary", "Sandboxes for programs that agents write.");
        json.WriteString(
            "description", "GET endpoints answer HEAD too. Every reply has an X-Request-Id; every error is an Error object. null in a body is the same as not sent.");
        json.WriteEndObject();
        WriteServers(json);
        WriteTags(json);
        json.WriteStartObject("paths");
        foreach (IGrouping<string, ListedOperation> path in ListedOperation.List.GroupBy(o => o.Row.Path))
        {
            json.WriteStartObject(path.Key);
            WriteParameters(json, path.First().PathVariables.Select(v => (PathVariables[v], "path")));
            foreach (ListedOperation operation in path)
            {
                json.WritePropertyName(operation.Row.Method.ToLowerInvariant());
                WriteOperation(json, operation);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        WriteComponents(json);
        json.WriteEndObject();
    }

    private static void WriteServers(Utf8JsonWriter json)
    {
        json.WriteStartArray("servers");
        json.WriteStartObject();
        json.WriteString("url", "http://127.0.0.1:10122");
        json.WriteString("description", "Where the daemon listens unless http.listen says otherwise.");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteTags(Utf8JsonWriter json)
    {
        json.WriteStartArray("tags");
        foreach (string tag in ListedOperation.List.Select(o => o.Row.Tag).Distinct().Append("addition"))
        {
            json.WriteStartObject();
            json.WriteString("name", tag);
            if (tag == "addition")
            {
                json.WriteString("description", "Not part of the contract that other servers of this API keep too.");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOperation(Utf8JsonWriter json, ListedOperation operation)
    {
        OperationRow row = operation.Row;
        json.WriteStartObject();
        json.WriteStartArray("tags");
        json.WriteStringValue(row.Tag);
        if (row.Number == 0)
        {
            json.WriteStringValue("addition");
        }

        json.WriteEndArray();
        json.WriteString("summary", row.Summary);
        if (row.Description is not null)
        {
            json.WriteString("description", row.Description);
        }

        json.WriteString("operationId", operation.Id);
        if (row.Number > 0)
        {
            json.WriteNumber("x-contract-endpoint", row.Number);
        }

        WriteParameters(json, row.Query.Select(q => (q, "query")).Concat(row.Headers.Select(h => (h, "header"))));
        WriteBody(json, operation);
        json.WriteStartObject("responses");
        foreach (ReplyRow reply in row.Replies)
        {
            WriteReply(json, reply);
        }

        foreach (IGrouping<int, ErrorCode> status in operation.Errors.GroupBy(e => e.Status))
        {
            json.WriteStartObject(status.Key.ToString(CultureInfo.InvariantCulture));
            json.WriteString("$ref", "#/components/responses/" + NameOf(operation, status));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        WriteSecurity(json, operation.Endpoint.Access);
        json.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter json, IEnumerable<(Member Member, string Place)> parameters)
    {
        (Member Member, string Place)[] all = [.. parameters];
        if (all.Length == 0)
        {
            return;
        }

        json.WriteStartArray("parameters");
        foreach ((Member member, string place) in all)
        {
            json.WriteStartObject();
            json.WriteString("name", member.Name);
            json.WriteString("in", place);
            if (!member.Optional)
            {
                json.WriteBoolean("required", true);
            }

            if (member.Schema.Description is { } description)
            {
                json.WriteString("description", description);
            }

            json.WritePropertyName("schema");
            SchemaWriter.Write(json, member.Schema with { Description = null });
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteBody(Utf8JsonWriter json, ListedOperation operation)
    {
        if (!operation.HasJsonBody && operation.Row.BodyType is null)
        {
            return;
        }

        json.WriteStartObject("requestBody");
        json.WriteBoolean("required", operation.Endpoint.Body is BodyRule.Required or BodyRule.Streamed);
        json.WriteStartObject("content");
        json.WriteStartObject(operation.Row.BodyType ?? ReplyRow.Json);
        if (operation.HasJsonBody)
        {
            json.WritePropertyName("schema");
            SchemaWriter.Write(json, operation.BodySchema);
            if (operation.Row.Example is { } example)
            {
                json.WritePropertyName("example");
                using JsonDocument parsed = JsonDocument.Parse(example);
                parsed.RootElement.WriteTo(json);
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteReply(Utf8JsonWriter json, ReplyRow reply)
    {
        json.WriteStartObject(reply.Status.ToString(CultureInfo.InvariantCulture));
        json.WriteString("description", reply.Meaning);
        if (reply.Schema is not null)
        {
            json.WriteStartObject("content");
            foreach (string type in (string[])(reply.Or is null ? [reply.Type] : [reply.Type, reply.Or]))
            {
                json.WriteStartObject(type);
                json.WritePropertyName("schema");
                SchemaWriter.Write(json, reply.Schema);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    // Endpoints that give the same codes share the response.
    private static string NameOf(ListedOperation operation, IGrouping<int, ErrorCode> status) =>
        string.Join('.', [SchemaOf(operation, status.Key), status.Key.ToString(CultureInfo.InvariantCulture), .. status.Select(e => e.Code)]);

    private static string SchemaOf(ListedOperation operation, int status) =>
        operation.Row.SpecialError is { } special && special.Status == status ? special.Schema : "Error";

    private static void WriteErrors(Utf8JsonWriter json)
    {
        json.WriteStartObject("responses");
        HashSet<string> written = [];
        foreach (ListedOperation operation in ListedOperation.List)
        {
            foreach (IGrouping<int, ErrorCode> status in operation.Errors.GroupBy(e => e.Status))
            {
                string name = NameOf(operation, status);
                if (written.Add(name))
                {
                    json.WritePropertyName(name);
                    WriteErrors(json, status, SchemaOf(operation, status.Key));
                }
            }
        }

        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json, IGrouping<int, ErrorCode> status, string schema)
    {
        json.WriteStartObject();
        json.WriteString("description", string.Join(' ', status.Select(e => $"{e.Code}: {e.Meaning}")));
        if (status.Key is 429 or 503)
        {
            json.WriteStartObject("headers");
            json.WriteStartObject("Retry-After");
            json.WriteString("description", "Seconds to wait before another try.");
            json.WritePropertyName("schema");
            SchemaWriter.Write(json, Make.Count);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteStartObject("content");
        json.WriteStartObject(ReplyRow.Json);
        json.WriteStartObject("schema");
        json.WriteStartArray("allOf");
        SchemaWriter.Write(json, Make.Ref(schema));
        json.WriteStartObject();
        json.WriteStartObject("properties");
        json.WritePropertyName("code");
        SchemaWriter.Write(json, new Schema { Enum = [.. status.Select(e => e.Code)] });
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSecurity(Utf8JsonWriter json, AccessClass access)
    {
        // In a list of requirements any one will do; the empty one stands for callers on the host while no key is configured.
        string[] schemes = access switch
        {
            AccessClass.Session => ["sessionHeader", "sessionQuery"],
            AccessClass.SessionOrKey => ["sessionHeader", "sessionQuery", "apiKey"],
            AccessClass.Trusted => ["apiKey", ""],
            _ => [],
        };
        json.WriteStartArray("security");
        foreach (string scheme in schemes)
        {
            json.WriteStartObject();
            if (scheme.Length > 0)
            {
                json.WriteStartArray(scheme);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteComponents(Utf8JsonWriter json)
    {
        json.WriteStartObject("components");
        json.WriteStartObject("securitySchemes");
        WriteScheme(json, "sessionHeader", "apiKey", "in", "header", "X-Session-Token", "The session token. It may also stand as session_token in a JSON body, which is looked at first.");
        WriteScheme(json, "sessionQuery", "apiKey", "in", "query", "session_token", "The session token in the URL, for clients that cannot send it otherwise.");
        WriteScheme(json, "apiKey", "http", "scheme", "bearer", null, "The api key, where http.api_key is set; without one, callers on the host itself need none.");
        json.WriteEndObject();
        WriteErrors(json);
        json.WriteStartObject("schemas");
        foreach ((string name, Schema schema) in AllSchemas.List)
        {
            json.WritePropertyName(name);
            SchemaWriter.Write(json, schema);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteScheme(Utf8JsonWriter json, string name, string type, string key, string value, string? parameter, string description)
    {
        json.WriteStartObject(name);
        json.WriteString("type", type);
        json.WriteString("description", description);
        json.WriteString(key, value);
        if (parameter is not null)
        {
            json.WriteString("name", parameter);
        }

        json.WriteEndObject();
    }
}
