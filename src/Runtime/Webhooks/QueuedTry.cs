namespace Sleigh.Runtime;

/// <summary>A delivery that waits in memory.</summary>
internal sealed class QueuedTry(WebhookDeliveryId id, string receiver)
{
    public WebhookDeliveryId Id { get; } = id;

    /// <summary>Scheme, host and port.</summary>
    public string Receiver { get; } = receiver;

    /// <summary>A try that has ended and could not be recorded yet; nothing is sent before that.</summary>
    public EndedTry? Unrecorded { get; set; }
}
