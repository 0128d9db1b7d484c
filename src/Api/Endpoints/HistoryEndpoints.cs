using Sleigh.Api.Cursors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 27 and 28.</summary>
internal static class HistoryEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sessions/{sessionId}/exec-tasks", NoRequest.Read, ListAsync),
        new Endpoint<NoRequest>("POST", "maintenance/exec-tasks/cleanup", NoRequest.Read, CleanUpAsync)
        {
            Access = AccessClass.Trusted,
            Body = BodyRule.Ignored,
        },
    ];

    private static Task<Reply> ListAsync(Call call, NoRequest request)
    {
        SessionId session = SessionEndpoints.Find(call, call.Path[1]).Id;
        int limit = HistoryQuery.Limit(call.Query("limit"));
        string secret = call.Options.Cursor.Secret ?? call.Dependencies.CursorSecret;
        DateTimeOffset now = call.Dependencies.Time.GetUtcNow();
        ExecMark? before = call.Query("cursor") is { Length: > 0 } cursor ? HistoryCursor.Open(cursor, secret, session, limit, now) : null;

        // One more than asked for tells whether there is a next page.
        IReadOnlyList<Exec> found = call.Execs.List(session, null, limit + 1, before);
        ExecResult[] page = [.. found.Take(limit).Select(exec => Show(call, exec))];
        string? next = found.Count > limit
            ? new HistoryCursor(session, limit, ExecMark.Of(page[^1].Exec)).Seal(secret, now, call.Options.Cursor.Ttl)
            : null;
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(page, (j, result) => ExecView.Write(j, result));
            json.WriteOptional("next_cursor", next);
            json.WriteEndObject();
        }));
    }

    // The output of a deleted sandbox goes behind the answer to the delete; from then on it is not shown.
    private static ExecResult Show(Call call, Exec exec) =>
        call.Sandboxes.Find(exec.Sandbox) is null ? new ExecResult(exec, "", "") : call.Execs.WithOutput(exec);

    private static async Task<Reply> CleanUpAsync(Call call, NoRequest request)
    {
        (int deleted, DateTimeOffset before) = await call.Dependencies.Maintenance.CleanUpExecsAsync(call.Gone);
        return Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("deleted_rows", deleted);
            json.WriteSeconds("before", before);
            json.WriteEndObject();
        });
    }
}
