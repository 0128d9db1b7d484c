namespace Sleigh.Runtime;

/// <summary>A delivery that waits, and when its next try is due.</summary>
internal sealed record QueuedWebhook(WebhookDeliveryId Id, string Url, DateTimeOffset Next);
