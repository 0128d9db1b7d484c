using System.Buffers;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Runtime.Auditing;

namespace Sleigh.Api.Endpoints;

/// <summary>The audit log, for the administrator: its lines as they are in the file.</summary>
internal static class AuditEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "admin/audit", NoRequest.Read, ReadAsync) { Access = AccessClass.Socket, KnownFields = NoRequest.Fields },
    ];

    private static async Task<Reply> ReadAsync(Call call, NoRequest request)
    {
        AuditQuery query = AuditQuery.Parse(call.Query("lines"), call.Query("target"), call.Query("follow"));
        using AuditTail tail = call.Dependencies.Audit.Read(query.Lines, query.Target);
        call.Http.Response.StatusCode = 200;
        call.Http.Response.ContentType = "application/x-ndjson; charset=utf-8";
        call.Http.Response.Headers.CacheControl = "no-store";
        await PutAsync(call, tail.First);
        if (query.Follow)
        {
            await FollowAsync(call, tail);
        }

        return Reply.Sent;
    }

    private static async Task FollowAsync(Call call, AuditTail tail)
    {
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, call.Dependencies.Host.Stopping);
        try
        {
            while (true)
            {
                // Asked for before the reading: nothing falls between.
                Task added = call.Dependencies.Audit.AddedAsync();
                await PutAsync(call, tail.Next());
                await added.WaitAsync(ends.Token);
            }
        }
        catch (OperationCanceledException) when (!call.Gone.IsCancellationRequested)
        {
            // The daemon stops: the reply ends as a whole one.
        }
    }

    private static async Task PutAsync(Call call, IReadOnlyList<byte[]> lines)
    {
        foreach (byte[] line in lines)
        {
            call.Http.Response.BodyWriter.Write(line);
            call.Http.Response.BodyWriter.Write("\n"u8);
        }

        await call.Http.Response.BodyWriter.FlushAsync(call.Gone);
    }
}
