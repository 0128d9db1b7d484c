using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Subscriptions in memory; deliveries are put in by the tests.</summary>
internal sealed class FakeWebhooks(FakeExecs execs) : IWebhooks
{
    private readonly HashSet<(ExecId, string)> _subscribed = [];

    public List<WebhookLog> Logs { get; } = [];

    public List<WebhookDeliveryId> Retried { get; } = [];

    public int Queued => Logs.Count(l => l.Delivery.State == WebhookState.Queued);

    public string Secret { get; set; } = "0123";

    public WebhookSubscribed Subscribe(ExecId exec, WebhookAddress address)
    {
        Exec now = execs.Find(exec) ?? throw RuntimeException.NoExec(exec);
        bool created = _subscribed.Add((exec, address.Url.AbsoluteUri));
        return new WebhookSubscribed(created, created && now.IsFinal, now.Status);
    }

    public IReadOnlyList<WebhookDelivery> List(WebhookState? state, int limit) =>
        [.. Logs.Select(l => l.Delivery).Where(d => state is null || d.State == state).Take(limit)];

    public WebhookLog? Find(WebhookDeliveryId id) => Logs.Find(l => l.Delivery.Id == id);

    public WebhookDelivery Retry(WebhookDeliveryId id)
    {
        Retried.Add(id);
        return Find(id)?.Delivery ?? throw new RuntimeException(ErrorKind.NotFound, $"resource not found: webhook delivery {id}");
    }
}
