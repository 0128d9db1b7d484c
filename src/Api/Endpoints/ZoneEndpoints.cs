using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 21 to 23.</summary>
internal static class ZoneEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "mounts/workspaces", NoRequest.Read, (call, _) => ListAsync(call, ZoneKind.Mounts, ZoneGuidance.Mounts)),
        new Endpoint<NoRequest>(
            "GET", "environments/workspaces", NoRequest.Read, (call, _) => ListAsync(call, ZoneKind.Environments, ZoneGuidance.Environments)),
        new Endpoint<EnvironmentCopyRequest>("POST", "sandboxes/{id}/environment/copy", EnvironmentCopyRequest.Read, CopyAsync),
    ];

    private static async Task<Reply> ListAsync(Call call, ZoneKind zone, ZoneGuidance guidance)
    {
        ZoneListing listing = await call.Dependencies.Zones.ListAsync(zone);
        return Reply.Json(200, json => ZoneView.Write(json, listing, guidance));
    }

    private static async Task<Reply> CopyAsync(Call call, EnvironmentCopyRequest request)
    {
        (string from, string to) = request.Check();
        EnvironmentCopy copied = await call.Dependencies.Environments.CopyAsync(call.Sandbox.Id, from, to, CancellationToken.None);
        return Reply.Json(200, json => EnvironmentCopyView.Write(json, call.Sandbox.Id, request.Sent!, copied));
    }
}
