using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 15.</summary>
internal static class WebhookEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<SubscribeRequest>("POST", "webhooks/exec/subscribe", SubscribeRequest.Read, SubscribeAsync),
    ];

    private static Task<Reply> SubscribeAsync(Call call, SubscribeRequest request)
    {
        (string sandbox, string exec, string url) = request.Check();
        call.FindExec(sandbox, exec);
        WebhookAddress address = WebhookAddress.Parse(url, call.Options.Webhooks.BlockedNetworks);
        WebhookSubscribed result = call.Dependencies.Webhooks.Subscribe(call.Exec.Id, address);
        return Task.FromResult(Reply.Json(201, json => WebhookView.WriteSubscribed(json, result, call.Exec, url)));
    }
}
