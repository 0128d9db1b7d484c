namespace Sleigh.Runtime;

/// <summary>What became of a subscription.</summary>
/// <param name="Created">False when this command has one to the same URL already; nothing was changed then.</param>
/// <param name="DeliveredImmediately">Whether the command had ended before and its delivery was queued by this call.</param>
/// <param name="Status">The command's status in the moment of the subscription.</param>
public sealed record WebhookSubscribed(bool Created, bool DeliveredImmediately, ExecStatus Status);
