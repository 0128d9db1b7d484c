using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Images, over the administrator's socket.</summary>
internal static class AdminImageEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "admin/images", NoRequest.Read, ListAsync) { Access = AccessClass.Socket },
        new Endpoint<NoRequest>("DELETE", "admin/images", NoRequest.Read, RemoveAsync) { Access = AccessClass.Socket },
        new Endpoint<NoRequest>("POST", "admin/images/import", NoRequest.Read, ImportAsync)
        {
            Access = AccessClass.Socket,
            Body = BodyRule.Streamed,
        },
        new Endpoint<BootstrapRequest>("POST", "admin/images/bootstrap", BootstrapRequest.Read, BootstrapAsync)
        {
            Access = AccessClass.Socket,
            KnownFields = BootstrapRequest.Fields,
        },
    ];

    private static async Task<Reply> ListAsync(Call call, NoRequest request)
    {
        IReadOnlyList<ImageSummary> images = await call.Dependencies.Images.ListAsync(call.Gone);
        return Reply.Json(200, json => ImageView.WriteList(json, images));
    }

    private static async Task<Reply> RemoveAsync(Call call, NoRequest request)
    {
        string name = CheckName(call.Query("name")) ?? throw ApiErrors.Required("name").Exception();
        await call.Dependencies.Images.RemoveAsync(name, CancellationToken.None);
        return Reply.NoContent;
    }

    private static async Task<Reply> ImportAsync(Call call, NoRequest request)
    {
        string? name = CheckName(call.Query("name"));
        if (!ReceivedBody.IsExpected(call.Http))
        {
            throw (ApiErrors.EmptyBody() with { Hint = "send an image archive (tar) as the body" }).Exception();
        }

        ReceivedBody.UncapServer(call.Http);
        IReadOnlyList<ImageSummary> images = await call.Dependencies.Images.ImportAsync(call.Http.Request.Body, name, call.Gone);
        return Reply.Json(201, json => ImageView.WriteList(json, images));
    }

    private static async Task<Reply> BootstrapAsync(Call call, BootstrapRequest request)
    {
        (string name, string suite, IReadOnlyList<string> include) = request.Check();
        ProgressLines lines = new(call);
        return await lines.RunAsync(progress => call.Dependencies.Images.BootstrapAsync(name, suite, include, progress, call.Gone));
    }

    private static string? CheckName(string? name)
    {
        string? sent = string.IsNullOrWhiteSpace(name) ? null : name;
        return sent is null || ImageName.IsValid(sent) ? sent : throw ApiErrors.Invalid("name", "is not an image name").Exception();
    }
}
