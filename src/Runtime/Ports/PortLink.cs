namespace Sleigh.Runtime;

/// <summary>The right to use one port of one sandbox for a time, without a session's token.</summary>
/// <param name="Value">What is shown for it: letters, digits and <c>-._</c> only.</param>
/// <param name="Expires">Until when, whole seconds.</param>
public sealed record PortLink(string Value, DateTimeOffset Expires);
