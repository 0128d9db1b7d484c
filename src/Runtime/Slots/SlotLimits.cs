namespace Sleigh.Runtime.Slots;

/// <summary>The limits of a slot. MB is 1,048,576 bytes.</summary>
/// <param name="MemoryMb">Memory and swap together: swap is not a way around the limit.</param>
/// <param name="Cpus">Cores; null is no limit.</param>
/// <param name="Pids">The most processes and threads.</param>
public sealed record SlotLimits(int MemoryMb, double? Cpus, int Pids)
{
    internal const int CpuPeriodUsec = 100_000;

    internal long MemoryBytes => MemoryMb * 1024L * 1024L;

    /// <summary>Pids of the sandbox and of sleigh-init itself.</summary>
    internal int PidsWithInit => Pids + 1;

    internal long? CpuQuotaUsec => Cpus is double cores ? (long)Math.Ceiling(cores * CpuPeriodUsec) : null;
}
