using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 3 and 4.</summary>
internal static class HostEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "resources", NoRequest.Read, ResourcesAsync) { Access = AccessClass.Trusted },
        new Endpoint<NoRequest>("GET", "diagnostics/oom", NoRequest.Read, OomAsync) { Access = AccessClass.Trusted },
    ];

    private static async Task<Reply> ResourcesAsync(Call call, NoRequest request)
    {
        HostResources resources = await call.Dependencies.Host.ResourcesAsync(call.Gone);
        return Reply.Json(200, json => HostView.WriteResources(json, resources));
    }

    private static async Task<Reply> OomAsync(Call call, NoRequest request)
    {
        OomDiagnosis diagnosis = await call.Dependencies.Host.DiagnoseOomAsync(call.Gone);
        return Reply.Json(200, json => HostView.WriteDiagnosis(json, diagnosis));
    }
}
