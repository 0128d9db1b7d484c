namespace Sleigh.Runtime;

/// <summary>The limits in force when a snapshot was taken.</summary>
public sealed record CapturedLimits(int MemoryLimitMb, int MemoryCeilingMb, double? Cpus, int PidsLimit, int? DiskLimitMb);
