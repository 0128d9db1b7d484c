using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>What the administrator's socket shows of the disk, its growth and its check.</summary>
internal static class AdminStorageEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "admin/storage", NoRequest.Read, ShowAsync) { Access = AccessClass.Socket },
        new Endpoint<GrowStorageRequest>("POST", "admin/storage/grow", GrowStorageRequest.Read, GrowAsync)
        {
            Access = AccessClass.Socket,
            KnownFields = GrowStorageRequest.Fields,
        },
        new Endpoint<ScrubStorageRequest>("POST", "admin/storage/scrub", ScrubStorageRequest.Read, ScrubAsync)
        {
            Access = AccessClass.Socket,
            Body = BodyRule.Optional,
            KnownFields = ScrubStorageRequest.Fields,
        },
    ];

    private static async Task<Reply> ShowAsync(Call call, NoRequest request)
    {
        bool measure = call.Query("measure") switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw ApiErrors.Invalid("measure", "must be true or false").Exception(),
        };
        StorageReport report = await call.Dependencies.Storage.ReadAsync(measure, call.Gone);
        return Reply.Json(200, json => StorageView.Write(json, report, null));
    }

    private static async Task<Reply> GrowAsync(Call call, GrowStorageRequest request)
    {
        (StorageReport report, string? warning) = await call.Dependencies.Storage.GrowAsync(request.Check());
        return Reply.Json(200, json => StorageView.Write(json, report, warning));
    }

    private static async Task<Reply> ScrubAsync(Call call, ScrubStorageRequest request)
    {
        (StorageReport report, string? warning) = await call.Dependencies.Storage.ScrubAsync(request.Cancel);
        return Reply.Json(200, json => StorageView.Write(json, report, warning));
    }
}
