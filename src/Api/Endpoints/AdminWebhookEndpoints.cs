using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>The queue of webhooks, for the administrator.</summary>
internal static class AdminWebhookEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "admin/webhooks", NoRequest.Read, ListAsync) { Access = AccessClass.Socket },
        new Endpoint<NoRequest>("GET", "admin/webhooks/{delivery}", NoRequest.Read, ShowAsync) { Access = AccessClass.Socket },
        new Endpoint<NoRequest>("POST", "admin/webhooks/{delivery}/retry", NoRequest.Read, RetryAsync)
        {
            Access = AccessClass.Socket,
            Body = BodyRule.Ignored,
        },
        new Endpoint<NoRequest>("GET", "admin/webhook-secret", NoRequest.Read, SecretAsync) { Access = AccessClass.Socket, Audited = true },
    ];

    private static Task<Reply> ListAsync(Call call, NoRequest request)
    {
        WebhookListQuery query = WebhookListQuery.Parse(call.Query("state"), call.Query("limit"));
        int queued = call.Dependencies.Webhooks.Queued;
        IReadOnlyList<WebhookDelivery> items = call.Dependencies.Webhooks.List(query.State, query.Limit);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("queued", queued);
            json.WriteItems(items, WebhookView.Write);
            json.WriteEndObject();
        }));
    }

    private static Task<Reply> ShowAsync(Call call, NoRequest request)
    {
        WebhookLog log = call.Dependencies.Webhooks.Find(Id(call)) ?? throw ApiErrors.NotFound("webhook delivery", call.Path[2]).Exception();
        return Task.FromResult(Reply.Json(200, json => WebhookView.WriteLog(json, log)));
    }

    private static Task<Reply> RetryAsync(Call call, NoRequest request)
    {
        WebhookDelivery delivery = call.Dependencies.Webhooks.Retry(Id(call));
        return Task.FromResult(Reply.Json(200, json => WebhookView.Write(json, delivery)));
    }

    private static Task<Reply> SecretAsync(Call call, NoRequest request)
    {
        string secret = call.Dependencies.Webhooks.Secret;
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("hmac_secret", secret);
            json.WriteEndObject();
        }));
    }

    private static WebhookDeliveryId Id(Call call) => WebhookDeliveryId.TryParse(call.Path[2], out WebhookDeliveryId id)
        ? id
        : throw ApiErrors.NotFound("webhook delivery", call.Path[2]).Exception();
}
