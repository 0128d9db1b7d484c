using Microsoft.AspNetCore.Http;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Files in and out of a sandbox as tar archives: our extension.</summary>
internal static class FileEndpoints
{
    public static IEnumerable<Routing.Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/files/stat", NoRequest.Read, StatAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/files/archive", NoRequest.Read, ReadAsync) { KnownFields = NoRequest.Fields, Audited = true },
        new Endpoint<NoRequest>("PUT", "sandboxes/{id}/files/archive", NoRequest.Read, WriteAsync) { Body = BodyRule.Streamed },
    ];

    private static async Task<Reply> StatAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        FileDetails found = await call.Dependencies.Files.StatAsync(call.Sandbox.Id, path, call.Gone);
        return Reply.Json(200, json => FileView.Write(json, path, found));
    }

    private static async Task<Reply> ReadAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        HttpResponse response = call.Http.Response;
        if (HttpMethods.IsHead(call.Http.Request.Method))
        {
            await call.Dependencies.Files.StatAsync(call.Sandbox.Id, path, call.Gone);
            response.ContentType = "application/x-tar";
            return Reply.Sent;
        }

        await using ArchiveBody body = new(response);
        try
        {
            await call.Dependencies.Files.ReadArchiveAsync(call.Sandbox.Id, path, body, call.Gone);
        }
        catch (Exception broken) when (response.HasStarted && !call.Gone.IsCancellationRequested)
        {
            // The status line has gone out: only a connection that ends early can say that the archive is not whole.
            ApiLog.CutOff(call, broken);
            call.Http.Abort();
        }

        return Reply.Sent;
    }

    private static async Task<Reply> WriteAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        if (!ReceivedBody.IsExpected(call.Http))
        {
            throw (ApiErrors.EmptyBody() with { Hint = "send a tar archive as the body" }).Exception();
        }

        ReceivedBody.UncapServer(call.Http);
        await using PatientBody body = new(call.Http.Request.BodyReader, call.Dependencies.Time);
        ArchiveReceived written = await call.Dependencies.Files.WriteArchiveAsync(call.Sandbox.Id, path, body, call.Gone);
        return Reply.Json(200, json => FileView.WriteReceived(json, path, written));
    }
}
