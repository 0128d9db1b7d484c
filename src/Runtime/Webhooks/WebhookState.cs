namespace Sleigh.Runtime;

/// <summary>What became of a delivery; the last two are final.</summary>
public enum WebhookState
{
    /// <summary>Waits for its next try, or is being tried.</summary>
    Queued,

    /// <summary>Its receiver answered with a 2xx status.</summary>
    Delivered,

    /// <summary>Given up: after the last try, or because its address is blocked.</summary>
    Failed,
}
