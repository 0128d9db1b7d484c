using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Whether records, layers and mounts agree, for the administrator: a look, and a look that mends.</summary>
internal static class FsckEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "admin/fsck", NoRequest.Read, (call, _) => RunAsync(call, repair: false)) { Access = AccessClass.Socket },
        new Endpoint<NoRequest>("POST", "admin/fsck", NoRequest.Read, (call, _) => RunAsync(call, repair: true))
        {
            Access = AccessClass.Socket,
            Body = BodyRule.Ignored,
        },
    ];

    private static async Task<Reply> RunAsync(Call call, bool repair)
    {
        FsckReport report = await call.Dependencies.Fsck.RunAsync(repair, CancellationToken.None);
        return Reply.Json(200, json => FsckView.Write(json, report));
    }
}
