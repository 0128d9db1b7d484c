using Microsoft.AspNetCore.Http;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Snapshots as archives.</summary>
internal static class SnapshotExportEndpoints
{
    public static IEnumerable<Routing.Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/snapshots/{snapshotId}/export", NoRequest.Read, ExportAsync)
        {
            KnownFields = NoRequest.Fields,
            Audited = true,
        },
    ];

    private static async Task<Reply> ExportAsync(Call call, NoRequest request)
    {
        Snapshot snapshot = call.Snapshot;
        ExportRequest wanted = ExportRequest.Parse(call.Query("format"), call.Query("compression"), call.Query("name"));
        HttpResponse response = call.Http.Response;
        await using ArchiveBody body = new(response) { ContentType = wanted.ContentType, FileName = $"{snapshot.Id}{wanted.Ending}" };
        if (HttpMethods.IsHead(call.Http.Request.Method))
        {
            body.Describe();
            return Reply.Sent;
        }

        try
        {
            await call.Dependencies.Exports.WriteAsync(snapshot, call.Session.Id, wanted.Format, wanted.Name, body, call.Gone);
        }
        catch (Exception broken) when (response.HasStarted && !call.Gone.IsCancellationRequested)
        {
            // As for the archive of a path: only a connection that ends early can say that the archive is not whole.
            ApiLog.CutOff(call, broken);
            call.Http.Abort();
        }

        return Reply.Sent;
    }
}
