namespace Sleigh.Runtime.Options;

/// <summary>Section <c>alerts</c>.</summary>
public sealed record AlertsOptions
{
    /// <summary>Key <c>alerts.webhook_url</c>: where memory alerts of the host go; null: nowhere.</summary>
    public Uri? WebhookUrl { get; init; }
}
