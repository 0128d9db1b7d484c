using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Images made of snapshots, over the administrator's socket: all sessions share the host's images.</summary>
internal static class AdminSnapshotEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<SnapshotImageRequest>("POST", "admin/snapshots/{snapshot}/image", SnapshotImageRequest.Read, ToImageAsync)
        {
            Access = AccessClass.Socket,
            KnownFields = SnapshotImageRequest.Fields,
        },
    ];

    private static async Task<Reply> ToImageAsync(Call call, SnapshotImageRequest request)
    {
        string name = request.Check();
        ImageSummary image = await call.Dependencies.Exports.ToImageAsync(call.Path[2], name, call.Gone);
        return Reply.Json(201, json => ImageView.Write(json, image));
    }
}
