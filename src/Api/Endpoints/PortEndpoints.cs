using Sleigh.Api.Ingress;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Ports of sandboxes, and links to them: our extension. The requests to the servers themselves go past the endpoints.</summary>
internal static class PortEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/ports", NoRequest.Read, ListAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/ports/{port}", NoRequest.Read, GetAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<PortRequest>("PUT", "sandboxes/{id}/ports/{port}", PortRequest.Read, PutAsync) { Body = BodyRule.Optional, KnownFields = PortRequest.Fields },
        new Endpoint<NoRequest>("DELETE", "sandboxes/{id}/ports/{port}", NoRequest.Read, RemoveAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<LinkRequest>("POST", "sandboxes/{id}/links", LinkRequest.Read, LinkAsync) { KnownFields = LinkRequest.Fields },
    ];

    private static Task<Reply> ListAsync(Call call, NoRequest request)
    {
        IReadOnlyList<SandboxPort> ports = call.Dependencies.Ports.List(call.Sandbox.Id);
        string? domain = call.Options.Ingress.Domain;
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(ports, (writer, port) => PortView.Write(writer, port, domain));
            json.WriteEndObject();
        }));
    }

    private static async Task<Reply> GetAsync(Call call, NoRequest request)
    {
        int port = PortRequest.Number("port", call.Path[3]);
        TimeSpan? wait = PortRequest.Wait(call.Query("wait"), call.Query("timeout_seconds"));
        return Shown(call, wait is { } limit
            ? await call.Dependencies.Ports.WaitAsync(call.Sandbox.Id, port, limit, call.Gone)
            : call.Dependencies.Ports.Get(call.Sandbox.Id, port));
    }

    private static Task<Reply> PutAsync(Call call, PortRequest request) => Task.FromResult(
        Shown(call, call.Dependencies.Ports.Put(call.Sandbox.Id, PortRequest.Number("port", call.Path[3]), request.Listen)));

    private static Task<Reply> RemoveAsync(Call call, NoRequest request)
    {
        call.Dependencies.Ports.Remove(call.Sandbox.Id, PortRequest.Number("port", call.Path[3]));
        return Task.FromResult(Reply.NoContent);
    }

    private static Task<Reply> LinkAsync(Call call, LinkRequest request)
    {
        int port = request.RequirePort();
        PortLink link = call.Dependencies.Ports.Link(call.Sandbox.Id, port, request.CheckedLife());
        string url = LinkAddress.Of(call, call.Sandbox.Id, port, request.CheckedPath(), link.Value);
        return Task.FromResult(Reply.Json(201, json => PortView.WriteLink(json, port, url, link)));
    }

    private static Reply Shown(Call call, SandboxPort port)
    {
        string? domain = call.Options.Ingress.Domain;
        return Reply.Json(200, json => PortView.Write(json, port, domain));
    }
}
