namespace Sleigh.Runtime;

/// <summary>What became of one try.</summary>
/// <param name="Kind">In a word.</param>
/// <param name="Status">What the receiver answered.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
internal sealed record WebhookOutcome(WebhookOutcomeKind Kind, int? Status, string? Error)
{
    /// <summary>Whether the receiver took it.</summary>
    public bool Taken => Kind == WebhookOutcomeKind.Ok;

    /// <summary>The rule of the contract for an answer: any 2xx is success, a redirect is followed never.</summary>
    public static WebhookOutcome Answered(int status) => status switch
    {
        >= 200 and < 300 => new(WebhookOutcomeKind.Ok, status, null),
        >= 300 and < 400 => new(WebhookOutcomeKind.Redirect, status, FormattableString.Invariant($"answered with status {status}; redirects are not followed")),
        _ => new(WebhookOutcomeKind.Status, status, FormattableString.Invariant($"answered with status {status}")),
    };

    /// <summary>No answer in time.</summary>
    public static WebhookOutcome TimedOut { get; } = new(
        WebhookOutcomeKind.Timeout, null, FormattableString.Invariant($"no answer within {WebhookPace.TryLimit.TotalSeconds} s"));

    /// <summary>No connection, or no HTTP on it.</summary>
    public static WebhookOutcome NotConnected(string why) => new(WebhookOutcomeKind.NoConnection, null, why);

    /// <summary>The address must not be connected to, and was not.</summary>
    public static WebhookOutcome Blocked(string why) => new(WebhookOutcomeKind.Blocked, null, why);

    /// <summary>The daemon ended, or stopped, while the try was under way: whether the receiver got it is not known.</summary>
    public static WebhookOutcome CutOff { get; } = new(WebhookOutcomeKind.CutOff, null, "the daemon ended during this try");
}
