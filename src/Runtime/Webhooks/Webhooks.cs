using System.Security.Cryptography;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IWebhooks"/>
internal sealed class Webhooks : IWebhooks
{
    private const string SecretKey = "webhook_secret";
    private const int SecretHexDigits = 64;

    private readonly RecordStore _records;
    private readonly LiveOptions _options;
    private readonly string _made;

    public Webhooks(RecordStore records, LiveOptions options)
    {
        (_records, _options) = (records, options);
        _made = records.MetaOrAdd(SecretKey, () => RandomNumberGenerator.GetHexString(SecretHexDigits, lowercase: true));
    }

    /// <inheritdoc/>
    public int Queued => _records.CountQueuedWebhooks();

    /// <inheritdoc/>
    public string Secret => _options.Now.Webhooks.HmacSecret?.Trim() is { Length: > 0 } set ? set : _made;

    /// <inheritdoc/>
    public WebhookSubscribed Subscribe(ExecId exec, WebhookAddress address) => _records.SubscribeWebhook(exec, address.Url.AbsoluteUri);

    /// <inheritdoc/>
    public IReadOnlyList<WebhookDelivery> List(WebhookState? state, int limit) => _records.ListWebhooks(state, limit);

    /// <inheritdoc/>
    public WebhookLog? Find(WebhookDeliveryId id) => _records.FindWebhook(id);

    /// <inheritdoc/>
    public WebhookDelivery Retry(WebhookDeliveryId id)
    {
        bool queued = _records.QueueWebhookAgain(id);
        WebhookDelivery delivery = _records.FindWebhook(id)?.Delivery
            ?? throw new RuntimeException(ErrorKind.NotFound, $"resource not found: webhook delivery {id}");
        return queued
            ? delivery
            : throw new RuntimeException(ErrorKind.InvalidArgument, $"bad request: webhook delivery {id} is {delivery.State.ToString().ToLowerInvariant()}; only one that has failed is sent again")
            {
                Details = new Dictionary<string, object> { ["field"] = "id" },
            };
    }
}
