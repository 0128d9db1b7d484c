namespace Sleigh.Runtime;

/// <summary>An image on this host.</summary>
public sealed record ImageSummary(string Name, string Digest, long SizeBytes, DateTimeOffset Created);
