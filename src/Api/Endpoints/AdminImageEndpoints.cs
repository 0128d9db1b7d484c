using System.Text.Json;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Api.Views;
using Sleigh.Runtime;
using PullProgress = Sleigh.Containerd.PullProgress;

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
        new Endpoint<PullImageRequest>("POST", "admin/images/pull", PullImageRequest.Read, PullAsync)
        {
            Access = AccessClass.Socket,
            KnownFields = PullImageRequest.Fields,
        },
        new Endpoint<PruneImagesRequest>("POST", "admin/images/prune", PruneImagesRequest.Read, PruneAsync)
        {
            Access = AccessClass.Socket,
            Body = BodyRule.Optional,
            KnownFields = PruneImagesRequest.Fields,
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
        TreeImport? tree = TreeImport.Parse(call.Query("as"), name, call.Query("config_from"));
        if (!ReceivedBody.IsExpected(call.Http))
        {
            throw (ApiErrors.EmptyBody() with { Hint = "send an image archive (tar) as the body" }).Exception();
        }

        ReceivedBody.UncapServer(call.Http);
        IReadOnlyList<ImageSummary> images = tree is null
            ? await call.Dependencies.Images.ImportAsync(call.Http.Request.Body, name, call.Gone)
            : await call.Dependencies.Images.ImportTreeAsync(call.Http.Request.Body, tree.Name, tree.ConfigFrom, call.Gone);
        return Reply.Json(201, json => ImageView.WriteList(json, images));
    }

    private static async Task<Reply> BootstrapAsync(Call call, BootstrapRequest request)
    {
        (string name, string suite, IReadOnlyList<string> include) = request.Check();
        ProgressLines<string> lines = new(call, WriteProgress);
        return await lines.RunAsync(progress => call.Dependencies.Images.BootstrapAsync(name, suite, include, progress, call.Gone));
    }

    private static async Task<Reply> PullAsync(Call call, PullImageRequest request)
    {
        (string name, string? platform) = request.Check();
        ProgressLines<PullProgress> lines = new(call, PullView.Write);
        return await lines.RunAsync(progress => call.Dependencies.Images.PullAsync(
            name, platform, new PullThrottle(progress, call.Dependencies.Time), call.Gone));
    }

    private static async Task<Reply> PruneAsync(Call call, PruneImagesRequest request)
    {
        (TimeSpan unusedFor, bool dryRun) = request.Check();
        PrunedImages pruned = await call.Dependencies.Images.PruneAsync(unusedFor, dryRun, CancellationToken.None);
        return Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(pruned.Images, ImageView.Write);
            json.WriteNumber("freed_bytes", pruned.FreedBytes);
            json.WriteEndObject();
        });
    }

    private static void WriteProgress(Utf8JsonWriter json, string line)
    {
        json.WriteStartObject();
        json.WriteString("progress", line);
        json.WriteEndObject();
    }

    private static string? CheckName(string? name)
    {
        string? sent = string.IsNullOrWhiteSpace(name) ? null : name;
        return sent is null || ImageName.IsValid(sent) ? sent : throw ApiErrors.Invalid("name", "is not an image name").Exception();
    }
}
