using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Single files and directories of a sandbox: our extension.</summary>
internal static class SingleFileEndpoints
{
    public static IEnumerable<Routing.Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/files", NoRequest.Read, ReadAsync) { KnownFields = NoRequest.Fields, Audited = true },
        new Endpoint<NoRequest>("PUT", "sandboxes/{id}/files", NoRequest.Read, WriteAsync) { Body = BodyRule.Streamed },
        new Endpoint<NoRequest>("DELETE", "sandboxes/{id}/files", NoRequest.Read, RemoveAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/files/list", NoRequest.Read, ListAsync) { KnownFields = NoRequest.Fields },
    ];

    private static async Task<Reply> ReadAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        HttpResponse response = call.Http.Response;
        try
        {
            await call.Dependencies.Files.ReadAsync(call.Sandbox.Id, path, file => Begin(call.Http, file), response.Body, call.Gone);
        }
        catch (EndOfStreamException shorter) when (!response.HasStarted)
        {
            TakeBack(response);
            throw new RuntimeException(ErrorKind.SandboxBusy, $"path {path} was being changed", shorter) { Hint = "send the request again" };
        }
        catch (Exception broken) when (response.HasStarted && !call.Gone.IsCancellationRequested)
        {
            // The length has been promised: only a connection that ends early can say that it is not kept.
            ApiLog.CutOff(call, broken);
            call.Http.Abort();
        }

        return Reply.Sent;
    }

    private static FilePart Begin(HttpContext http, FileDetails file)
    {
        string tag = $"\"{file.Version}\"";
        ByteRange range = ByteRange.Of(http.Request.Headers.Range, http.Request.Headers.IfRange, tag, file.Size);
        HttpResponse response = http.Response;
        if (range.Status == StatusCodes.Status416RangeNotSatisfiable)
        {
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{file.Size}");
            throw ApiErrors.RangeNotSatisfiable(file.Size).Exception();
        }

        response.StatusCode = range.Status;
        response.ContentType = "application/octet-stream";
        response.ContentLength = range.Part.Count;
        response.Headers.AcceptRanges = "bytes";
        response.Headers.CacheControl = "no-store";
        response.Headers.ETag = tag;
        response.Headers.LastModified = file.Modified.ToString("R", CultureInfo.InvariantCulture);
        if (range.Status == StatusCodes.Status206PartialContent)
        {
            response.Headers.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {range.Part.From}-{range.Part.From + range.Part.Count - 1}/{file.Size}");
        }

        return HttpMethods.IsHead(http.Request.Method) ? default : range.Part;
    }

    private static void TakeBack(HttpResponse response)
    {
        IHeaderDictionary headers = response.Headers;
        (headers.AcceptRanges, headers.ETag, headers.LastModified, headers.ContentRange) = (default, default, default, default);
    }

    private static async Task<Reply> WriteAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        int? mode = FileQuery.Mode(call.Query("mode"));
        string? user = FieldRules.User("user", call.Query("user"));
        ReceivedBody.UncapServer(call.Http);
        await using PatientBody body = new(call.Http.Request.BodyReader, call.Dependencies.Time);
        FileWritten written = await call.Dependencies.Files.WriteAsync(call.Sandbox.Id, path, body, mode, user, call.Gone);
        return Reply.Json(written.Created ? 201 : 200, json => FileView.WriteWritten(json, path, written));
    }

    private static async Task<Reply> RemoveAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        bool recursive = FileQuery.Flag("recursive", call.Query("recursive"));
        await call.Dependencies.Files.RemoveAsync(call.Sandbox.Id, path, recursive, call.Gone);
        return Reply.NoContent;
    }

    private static async Task<Reply> ListAsync(Call call, NoRequest request)
    {
        string path = FileQuery.Path(call.Query("path"));
        int limit = FileQuery.Limit(call.Query("limit"));
        ReadOnlyMemory<byte> after = FileQuery.After(call.Query("after"), call.Query("after_base64"));
        FileList list = await call.Dependencies.Files.ListAsync(call.Sandbox.Id, path, after, limit, call.Gone);
        return Reply.Json(200, json => FileListView.Write(json, path, list));
    }
}
