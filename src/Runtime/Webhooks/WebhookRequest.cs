namespace Sleigh.Runtime;

/// <summary>One try, as it is sent.</summary>
/// <param name="Delivery">Its id.</param>
/// <param name="Attempt">Its number, from 1 on.</param>
/// <param name="Url">Where to.</param>
/// <param name="Body">The raw body.</param>
internal sealed record WebhookRequest(WebhookDeliveryId Delivery, int Attempt, string Url, byte[] Body);
