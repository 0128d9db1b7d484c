using System.Diagnostics.Metrics;

namespace Sleigh.Runtime;

/// <summary>The counter of webhooks that <c>/metrics</c> shows. No tag holds an id or an address.</summary>
public static class WebhookMeters
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Sleigh.Webhooks";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Tries = Meter.CreateCounter<long>("sleigh_webhook_tries_total", null, "Tries to deliver webhooks.");

    /// <summary>Makes the counter known with 0 for each result, to who listens already.</summary>
    public static void Announce()
    {
        foreach (WebhookOutcomeKind kind in Enum.GetValues<WebhookOutcomeKind>())
        {
            Tries.Add(0, Result(kind));
        }
    }

    /// <summary>A try has ended.</summary>
    public static void Tried(WebhookOutcomeKind kind) => Tries.Add(1, Result(kind));

    private static KeyValuePair<string, object?> Result(WebhookOutcomeKind kind) => new("result", kind switch
    {
        WebhookOutcomeKind.Ok => "ok",
        WebhookOutcomeKind.Redirect => "redirect",
        WebhookOutcomeKind.Status => "status",
        WebhookOutcomeKind.Timeout => "timeout",
        WebhookOutcomeKind.NoConnection => "no_connection",
        WebhookOutcomeKind.Blocked => "blocked",
        WebhookOutcomeKind.CutOff => "cut_off",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown outcome"),
    });
}
