namespace Sleigh.Runtime;

/// <summary>A try that has ended, as it is recorded.</summary>
/// <param name="Delivery">The delivery.</param>
/// <param name="Attempt">Its number, from 1 on.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="State">What is to become of the delivery.</param>
/// <param name="Ended">When.</param>
/// <param name="Pause">Until the next try; null: there is none.</param>
internal sealed record EndedTry(
    WebhookDeliveryId Delivery, int Attempt, WebhookOutcome Outcome, WebhookState State, DateTimeOffset Ended, TimeSpan? Pause)
{
    /// <summary>The rule: taken is final, blocked is final, and so is the last try.</summary>
    public static EndedTry Of(WebhookDeliveryId delivery, int attempt, WebhookOutcome outcome, DateTimeOffset now, double random)
    {
        TimeSpan? pause = outcome.Kind is WebhookOutcomeKind.Ok or WebhookOutcomeKind.Blocked ? null : WebhookPace.After(attempt, random);
        WebhookState state = outcome.Taken ? WebhookState.Delivered : pause is null ? WebhookState.Failed : WebhookState.Queued;
        return new EndedTry(delivery, attempt, outcome, state, now, pause);
    }
}
