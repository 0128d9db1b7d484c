using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sleigh.Api.Attach;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Streams;
using Sleigh.Runtime;
using Endpoint = Sleigh.Api.Routing.Endpoint;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 34, and the channel that carries input too.</summary>
internal static class ExecStreamEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/exec/{execId}/stream", NoRequest.Read, StreamAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/exec/{execId}/attach", NoRequest.Read, AttachAsync) { KnownFields = NoRequest.Fields, Audited = true },
    ];

    private static async Task<Reply> StreamAsync(Call call, NoRequest request)
    {
        OutputStreamQuery query = OutputStreamQuery.Parse(
            call.Query("stdout_offset"), call.Query("stderr_offset"), call.Query("encoding"), call.Http.Request.Headers["Last-Event-ID"]);
        using ExecChanges changes = call.Execs.Watch(call.Exec.Id);
        return await ServerSentEvents.ServeAsync(
            call, call.Session, (events, token) => new ExecOutputEvents(call.Execs, call.Exec.Id, query, changes, events).RunAsync(token));
    }

    private static async Task<Reply> AttachAsync(Call call, NoRequest request)
    {
        OutputStreamQuery from = OutputStreamQuery.Parse(call.Query("stdout_offset"), call.Query("stderr_offset"), null, null);
        if (call.Http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade
            || !HttpMethods.IsGet(call.Http.Request.Method)
            || !string.Equals(call.Http.Request.Headers.Upgrade, AttachChannel.Protocol, StringComparison.OrdinalIgnoreCase))
        {
            throw (ApiErrors.Invalid("Upgrade", $"must be {AttachChannel.Protocol}, with Connection: Upgrade") with
            {
                Hint = "read output with GET .../output or .../stream",
            }).Exception();
        }

        using IDisposable place = call.Dependencies.Streams.Enter(call.Session, call.Options.Http.MaxStreamsPerSession);
        using ExecChanges changes = call.Execs.Watch(call.Exec.Id);
        call.Http.Response.Headers.Upgrade = AttachChannel.Protocol;
        await using Stream stream = await upgrade.UpgradeAsync();
        await new AttachChannel(call, changes, stream, from).RunAsync();
        return Reply.Sent;
    }
}
