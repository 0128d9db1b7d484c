using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 18 to 20.</summary>
internal static class MountEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/mounts", NoRequest.Read, ListAsync),
        new Endpoint<MountRequest>("POST", "sandboxes/{id}/mounts", MountRequest.Read, AddAsync),
        new Endpoint<NoRequest>("DELETE", "sandboxes/{id}/mounts/{mountId}", NoRequest.Read, RemoveAsync),
    ];

    private static Task<Reply> ListAsync(Call call, NoRequest request)
    {
        IReadOnlyList<Mount> mounts = call.Dependencies.Mounts.List(call.Sandbox.Id);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(mounts, MountView.Write);
            json.WriteEndObject();
        }));
    }

    private static async Task<Reply> AddAsync(Call call, MountRequest request)
    {
        Mount made = await call.Dependencies.Mounts.AddAsync(call.Sandbox.Id, request.Check(), CancellationToken.None);
        return Reply.Json(201, json => MountView.Write(json, made));
    }

    private static async Task<Reply> RemoveAsync(Call call, NoRequest request)
    {
        if (!MountId.TryParse(call.Path[3], out MountId mount))
        {
            throw ApiErrors.NotFound("mount", call.Path[3]).Exception();
        }

        await call.Dependencies.Mounts.RemoveAsync(call.Sandbox.Id, mount, CancellationToken.None);
        return Reply.NoContent;
    }
}
