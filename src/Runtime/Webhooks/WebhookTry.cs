namespace Sleigh.Runtime;

/// <summary>One try of a delivery.</summary>
/// <param name="Attempt">Its number, 1 to 5, as the receiver saw it.</param>
/// <param name="Started">When it was begun; recorded before anything was sent.</param>
/// <param name="Ended">When its outcome was known; null while it is under way.</param>
/// <param name="Status">What the receiver answered.</param>
/// <param name="Error">Why it failed; null while it is under way and when it did not.</param>
public sealed record WebhookTry(int Attempt, DateTimeOffset Started, DateTimeOffset? Ended, int? Status, string? Error);
