namespace Sleigh.Runtime;

/// <summary>A try without an end in the records.</summary>
internal readonly record struct BegunTry(WebhookDeliveryId Delivery, int Attempt);
