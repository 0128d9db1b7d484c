using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 9, 10 and 35.</summary>
internal static class SnapshotEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<SnapshotRequest>("POST", "sandboxes/{id}/snapshots", SnapshotRequest.Read, CreateAsync) { Body = BodyRule.Optional },
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/snapshots", NoRequest.Read, ListAsync),
        new Endpoint<NoRequest>("DELETE", "sandboxes/{id}/snapshots/{snapshotId}", NoRequest.Read, DeleteAsync)
        {
            KnownFields = NoRequest.Fields,
        },
    ];

    private static async Task<Reply> CreateAsync(Call call, SnapshotRequest request)
    {
        (string? name, string? comment, bool keep) = request.Checked();
        return await Idempotent.ReplyAsync(call, async _ =>
        {
            Snapshot taken = await call.Sandboxes.SnapshotAsync(call.Sandbox.Id, name, comment, keep, CancellationToken.None);
            call.Audit?.Touch(taken.Id.ToString());
            return new KeptReply(201, JsonText.ToArray(json => SnapshotView.Write(json, taken)), null);
        });
    }

    private static Task<Reply> ListAsync(Call call, NoRequest request)
    {
        IReadOnlyList<Snapshot> snapshots = call.Sandboxes.Snapshots(call.Sandbox.Id);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(snapshots, SnapshotView.Write);
            json.WriteEndObject();
        }));
    }

    private static async Task<Reply> DeleteAsync(Call call, NoRequest request)
    {
        await call.Sandboxes.DeleteSnapshotAsync(call.Sandbox.Id, call.Path[3], CancellationToken.None);
        return Reply.NoContent;
    }
}
