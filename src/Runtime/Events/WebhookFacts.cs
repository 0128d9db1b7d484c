namespace Sleigh.Runtime;

/// <summary>What an event tells of a delivery that is final.</summary>
/// <param name="Delivery">The id that its receiver saw, <c>whd_…</c>.</param>
/// <param name="Url">Where it went, without user, password and query.</param>
/// <param name="Attempts">Tries made.</param>
/// <param name="Status">What the receiver answered last; null: nothing.</param>
/// <param name="Error">Why the last try failed; null for one that was taken.</param>
public sealed record WebhookFacts(string Delivery, string Url, int Attempts, int? Status, string? Error)
{
    internal static WebhookFacts Of(WebhookDelivery delivery) =>
        new(delivery.Id.ToString(), WebhookUrl.Shown(delivery.Url), delivery.Attempts, delivery.LastStatus, delivery.LastError);
}
