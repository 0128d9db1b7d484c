using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>What the administrator's socket shows of a sandbox's place, of commands, of what is in use, and of the configuration.</summary>
internal static class InspectionEndpoints
{
    private const int ExecsShown = 10;

    public static IEnumerable<Endpoint> List() =>
    [
        Get("admin/sandboxes/{id}", SandboxAsync),
        Get("admin/execs", ExecsAsync),
        Get("admin/top", TopAsync),
    ];

    private static Endpoint<NoRequest> Get(string pattern, Func<Call, NoRequest, Task<Reply>> action) =>
        new("GET", pattern, NoRequest.Read, action) { Access = AccessClass.Socket };

    private static Task<Reply> SandboxAsync(Call call, NoRequest request)
    {
        string text = call.Path[2];
        (Sandbox Sandbox, SandboxPlace Place) found = SandboxId.TryParse(text, out SandboxId id)
            && call.Sandboxes.Find(id) is { } sandbox && call.Dependencies.Inspection.Place(id) is { } place
            ? (sandbox, place)
            : throw ApiErrors.NotFound("sandbox", text).Exception();
        IReadOnlyList<Snapshot> snapshots = call.Sandboxes.Snapshots(id);
        IReadOnlyList<Exec> execs = call.Execs.List(null, id, ExecsShown, before: null);
        return Task.FromResult(Reply.Json(200, json => InspectionView.WriteSandbox(json, found.Sandbox, found.Place, snapshots, execs)));
    }

    private static Task<Reply> ExecsAsync(Call call, NoRequest request)
    {
        SandboxId? sandbox = null;
        if (call.Query("sandbox_id") is { } text)
        {
            sandbox = SandboxId.TryParse(text, out SandboxId id) ? id : throw ApiErrors.Invalid("sandbox_id", "is not the id of a sandbox").Exception();
        }

        SessionId? session = AdminEndpoints.SessionQuery(call);
        IReadOnlyList<Exec> execs = call.Execs.List(session, sandbox, HistoryQuery.Limit(call.Query("limit")), before: null);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(execs, ExecView.WriteSummary);
            json.WriteEndObject();
        }));
    }

    private static Task<Reply> TopAsync(Call call, NoRequest request)
    {
        HostLoad load = call.Dependencies.Inspection.Load();
        return Task.FromResult(Reply.Json(200, json => InspectionView.WriteTop(json, load)));
    }
}
