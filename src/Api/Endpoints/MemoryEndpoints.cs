using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 16 and 17.</summary>
internal static class MemoryEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/memory/pressure", NoRequest.Read, PressureAsync),
        new Endpoint<ExpandRequest>("POST", "sandboxes/{id}/memory/expand", ExpandRequest.Read, ExpandAsync),
    ];

    private static Task<Reply> PressureAsync(Call call, NoRequest request)
    {
        SandboxMemory memory = call.Dependencies.Memory.Read(call.Sandbox.Id);
        HostMemory host = call.Dependencies.Memory.ReadHost();
        return Task.FromResult(Reply.Json(200, json => MemoryView.WritePressure(json, memory, host, call.Options.Memory.NearLimitSomeAvg10)));
    }

    private static async Task<Reply> ExpandAsync(Call call, ExpandRequest request)
    {
        int? target = request.Check(call.Sandbox, call.Options.Memory.MinMb);
        ExpandResult result = await call.Dependencies.Memory.ExpandAsync(call.Sandbox.Id, target, call.Gone);
        return Reply.Json(200, json => MemoryView.WriteExpand(json, result));
    }
}
