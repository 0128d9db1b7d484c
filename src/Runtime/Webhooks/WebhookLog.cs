namespace Sleigh.Runtime;

/// <summary>A delivery with all its tries, oldest first, and the body that is sent.</summary>
public sealed record WebhookLog(WebhookDelivery Delivery, IReadOnlyList<WebhookTry> Tries, string Body);
