using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>The way back, and which snapshots stay for it: our extension.</summary>
internal static class UndoEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<UndoRequest>("POST", "sandboxes/{id}/undo", UndoRequest.Read, UndoAsync)
        {
            Body = BodyRule.Optional,
            KnownFields = UndoRequest.Fields,
        },
        new Endpoint<KeepRequest>("POST", "sandboxes/{id}/snapshots/{snapshotId}/keep", KeepRequest.Read, KeepAsync) { KnownFields = KeepRequest.Fields },
    ];

    private static async Task<Reply> UndoAsync(Call call, UndoRequest request)
    {
        RollbackResult result = await call.Sandboxes.UndoAsync(call.Sandbox.Id, request.CheckedSteps(), CancellationToken.None);
        call.Audit?.Touch(result.Snapshot.ToString());
        return Reply.Json(200, json => SandboxView.WriteRollback(json, result, growth: null));
    }

    private static async Task<Reply> KeepAsync(Call call, KeepRequest request)
    {
        Snapshot snapshot = await call.Sandboxes.KeepSnapshotAsync(call.Sandbox.Id, call.Snapshot.Id.ToString(), request.RequireKeep(), CancellationToken.None);
        return Reply.Json(200, json => SnapshotView.Write(json, snapshot));
    }
}
