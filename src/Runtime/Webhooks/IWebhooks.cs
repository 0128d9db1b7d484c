namespace Sleigh.Runtime;

/// <summary>Telling others of the end of commands. Owner checks are the caller's.</summary>
public interface IWebhooks
{
    /// <summary>Deliveries that are not final.</summary>
    int Queued { get; }

    /// <summary>The key that signs deliveries now: setting <c>webhooks.hmac_secret</c> without white space around it, or the one made at first start.</summary>
    string Secret { get; }

    /// <summary>
    /// Has this address told of the command's end. However close the end is, exactly one delivery is queued: by this call when the command
    /// has its final state, by its end otherwise.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    WebhookSubscribed Subscribe(ExecId exec, WebhookAddress address);

    /// <summary>Deliveries, newest first.</summary>
    /// <param name="state">Only those; null: all.</param>
    /// <param name="limit">At most this many.</param>
    IReadOnlyList<WebhookDelivery> List(WebhookState? state, int limit);

    /// <summary>A delivery with its tries; null when there is none.</summary>
    WebhookLog? Find(WebhookDeliveryId id);

    /// <summary>Queues a failed delivery again, at once and for five tries, with the same id and body.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/>: it has not failed.</exception>
    WebhookDelivery Retry(WebhookDeliveryId id);
}
