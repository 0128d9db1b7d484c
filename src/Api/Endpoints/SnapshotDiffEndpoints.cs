using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 36.</summary>
internal static class SnapshotDiffEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/snapshots/{snapshotId}/diff", NoRequest.Read, CompareAsync)
        {
            KnownFields = NoRequest.Fields,
            Audited = true,
        },
    ];

    private static async Task<Reply> CompareAsync(Call call, NoRequest request)
    {
        ISnapshotDiffs diffs = call.Dependencies.Diffs;
        SandboxId sandbox = call.Sandbox.Id;
        Snapshot from = call.Snapshot;
        DiffRequest wanted = DiffRequest.Parse(
            from.Id, call.Query("to"), call.Query("prefix"), call.Query("limit"), call.Query("cursor"), call.Query("renames"),
            (call.Query("patch"), call.Query("patch_max_bytes")));
        Snapshot? to = wanted.To == DiffRequest.Live ? null : diffs.Require(sandbox, wanted.To);
        DiffQuery query = new(wanted.Prefix, wanted.After, wanted.Limit) { Renames = wanted.Renames, PatchMaxBytes = wanted.PatchMaxBytes };
        SnapshotDiff diff = await diffs.CompareAsync(sandbox, from, to, query, call.Gone);
        string? next = diff.HasMore ? wanted.CursorBehind(diff.Items[^1].Path.Span) : null;
        return Reply.Json(200, json => SnapshotDiffView.Write(json, from.Id.ToString(), wanted.To, diff, next));
    }
}
