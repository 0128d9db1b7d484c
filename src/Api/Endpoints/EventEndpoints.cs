using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Streams;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 38, and its like over all sessions for the administrator.</summary>
internal static class EventEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "events", NoRequest.Read, OfSessionAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NoRequest>("GET", "admin/events", NoRequest.Read, OfAllAsync) { Access = AccessClass.Socket },
    ];

    private static async Task<Reply> OfSessionAsync(Call call, NoRequest request)
    {
        EventQuery query = Query(call);
        if (query.Sandbox is SandboxId id && call.Sandboxes.Find(id) is { } sandbox && !call.Owns(sandbox.Session))
        {
            throw ApiErrors.OtherSession(id.ToString()).Exception();
        }

        using IDisposable place = call.Dependencies.Streams.Enter(call.Session, call.Options.Http.MaxStreamsPerSession);
        await new EventStream(call, query, call.Session.Id).RunAsync();
        return Reply.Sent;
    }

    private static async Task<Reply> OfAllAsync(Call call, NoRequest request)
    {
        EventQuery query = Query(call);
        SessionId? session = AdminEndpoints.SessionQuery(call);
        await new EventStream(call, query with { Session = session }, session: null).RunAsync();
        return Reply.Sent;
    }

    private static EventQuery Query(Call call) => EventQuery.Parse(
        call.Query("sandbox_id"), call.Query("types"), call.Http.Request.Headers["Last-Event-ID"].FirstOrDefault(), call.Query("last_event_id"));
}
