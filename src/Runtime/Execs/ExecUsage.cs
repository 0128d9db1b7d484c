namespace Sleigh.Runtime;

/// <summary>What a command and all its children used. A figure the kernel cannot give is null.</summary>
public sealed record ExecUsage(
    long? MemoryPeakBytes, long? CpuUsec, long WallMs, long? StallUsec, long? IoReadBytes, long? IoWriteBytes);
