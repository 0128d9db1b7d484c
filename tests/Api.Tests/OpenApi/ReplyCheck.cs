using System.Text.Json;
using Sleigh.Api.Endpoints;
using Sleigh.Api.OpenApi;
using Sleigh.Api.Routing;

namespace Sleigh.Api.Tests.OpenApi;

/// <summary>Holds every reply that a test sees against the document: its status, its type, its members, and for errors the code.</summary>
internal static class ReplyCheck
{
    private static readonly RouteTable Routes = new(AllEndpoints.List());

    private static readonly Schema Error = Make.Ref("Error");

    /// <summary>Fails the test when the document does not have this reply.</summary>
    /// <param name="method">The request's.</param>
    /// <param name="path">The request's, with or without a query.</param>
    /// <param name="answer">What came.</param>
    /// <param name="anyCode">Whether a fake may have made up an error that the real thing does not give there.</param>
    public static void Check(string method, string path, Answer answer, bool anyCode)
    {
        if (method == "HEAD" || answer.Body.Length == 0 || answer.Status is 304)
        {
            return;
        }

        string type = answer.Headers.GetValueOrDefault("Content-Type") ?? "";
        string where = $"{method} {path} {answer.Status}: {answer.Body}";
        ListedOperation? operation = Find(method, path);
        if (operation?.Row.Replies.FirstOrDefault(r => r.Status == answer.Status) is { } reply)
        {
            Assert.True(type.Split(';')[0] is var plain && (plain == reply.Type || plain == reply.Or), $"{where}: the type is {type}, not {reply.Type}");
            switch (reply.Type)
            {
                case ReplyRow.Json: None(SchemaCheck.Problems(reply.Schema!, answer.Root), where); break;
                case ReplyRow.Events: CheckEvents(path, answer.Body); break;
            }
        }
        else if (answer.Status >= 400)
        {
            ErrorCode? code = operation?.Errors.FirstOrDefault(e => e.Code == answer.Code);
            bool isListed = operation is null || anyCode || answer.Code is "method_not_allowed" or "route_not_found" || code?.Status == answer.Status;
            Assert.True(isListed, $"{where}: the document does not list this error there");
            Schema schema = operation?.Row.SpecialError is { } special && special.Status == answer.Status ? Make.Ref(special.Schema) : Error;
            None(SchemaCheck.Problems(anyCode ? Error with { Ref = "CreateConflict" } : schema, answer.Root), where);
        }
        else
        {
            Assert.True(operation is null, $"{where}: the document has no such status there");
        }
    }

    /// <summary>The data of one event against its schema.</summary>
    public static void CheckEvent(string path, string type, string data)
    {
        using JsonDocument json = JsonDocument.Parse(data);
        string name = path.Contains("/stream", StringComparison.Ordinal)
            ? type switch { "exit" => "ExecResult", "truncated" => "OutputTruncated", _ => "OutputPiece" }
            : "Event";
        None(SchemaCheck.Problems(Make.Ref(name), json.RootElement), $"{path} {type}: {data}");
        if (name == "Event")
        {
            Assert.Equal(type, json.RootElement.GetProperty("type").GetString());
            if (DataOf(type) is { } schema)
            {
                None(SchemaCheck.Problems(schema, json.RootElement.GetProperty("data")), $"{path} {type}: {data}");
            }
        }
    }

    private static Schema? DataOf(string type) => type switch
    {
        "exec.finished" => Make.Ref("ExecSummary"),
        "memory.oom" => Make.Ref("Oom"),
        "memory.grown" or "memory.growth_refused" => Make.Object(MemorySchemas.Growth()),
        "stream.gap" => Make.Object(Make.Has("missed_from", Make.Count), Make.Has("missed_to", Make.Count)),
        "stream.end" => Make.Object(Make.Has("reason", Make.OneOf("revoked", "expired", "shutdown"))),
        _ => null,
    };

    private static void CheckEvents(string path, string body)
    {
        foreach (string message in body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = message.Split('\n');
            if (lines.FirstOrDefault(l => l.StartsWith("event: ", StringComparison.Ordinal)) is { } type)
            {
                CheckEvent(path, type[7..], lines.Single(l => l.StartsWith("data: ", StringComparison.Ordinal))[6..]);
            }
        }
    }

    private static ListedOperation? Find(string method, string path)
    {
        string bare = Uri.UnescapeDataString(path.Split('?')[0]);
        if (!Routes.TryFindPath(bare, fromSocket: true, out RouteTable.Path? found, out _))
        {
            return null;
        }

        string pattern = "/" + string.Join('/', found.Segments);
        return ListedOperation.TryFind(method, pattern, out ListedOperation? operation) ? operation : null;
    }

    private static void None(List<string> problems, string where) => Assert.True(problems.Count == 0, $"{where}\n{string.Join('\n', problems)}");
}
