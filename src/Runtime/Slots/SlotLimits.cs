namespace Sleigh.Runtime.Slots;

/// <summary>The limits of a slot. MB is 1,048,576 bytes.</summary>
/// <param name="MemoryMb">Memory and swap together: swap is not a way around the limit. The brake where there is a wall above it.</param>
/// <param name="Cpus">Cores; null is no limit.</param>
/// <param name="Pids">The most processes and threads.</param>
/// <param name="WallMb">
/// What memory may never pass, where <paramref name="MemoryMb"/> is only the brake; null: there is no brake, and the limit is the wall.
/// </param>
public sealed record SlotLimits(int MemoryMb, double? Cpus, int Pids, int? WallMb = null)
{
    internal const int CpuPeriodUsec = 100_000;

    /// <summary>The wall: <c>memory.max</c>.</summary>
    internal long WallBytes => (WallMb ?? MemoryMb) * 1024L * 1024L;

    /// <summary>The brake: <c>memory.high</c>; null: none.</summary>
    internal long? BrakeBytes => WallMb is null ? null : MemoryMb * 1024L * 1024L;

    /// <summary>Pids of the sandbox and of sleigh-init itself.</summary>
    internal int PidsWithInit => Pids + 1;

    internal long? CpuQuotaUsec => Cpus is double cores ? (long)Math.Ceiling(cores * CpuPeriodUsec) : null;
}
