using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Single paths back out of a snapshot: our extension.</summary>
internal static class SnapshotRestoreEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<RestoreRequest>("POST", "sandboxes/{id}/snapshots/{snapshotId}/restore", RestoreRequest.Read, RestoreAsync)
        {
            KnownFields = RestoreRequest.Fields,
        },
    ];

    private static async Task<Reply> RestoreAsync(Call call, RestoreRequest request)
    {
        IReadOnlyList<string> paths = request.Checked();
        FilesRestored done = await call.Dependencies.Files.RestoreAsync(call.Sandbox.Id, call.Snapshot, paths, request.DeleteAdded, call.Gone);
        return Reply.Json(200, json => RestoreView.Write(json, done));
    }
}
