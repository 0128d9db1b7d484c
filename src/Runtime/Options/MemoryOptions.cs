namespace Sleigh.Runtime.Options;

/// <summary>Section <c>memory</c>: growth and the host's share.</summary>
public sealed record MemoryOptions
{
    /// <summary>Key <c>memory.auto_grow</c>: sandboxes grow by themselves unless their create call says otherwise.</summary>
    public bool AutoGrow { get; init; } = true;

    /// <summary>Key <c>memory.min_mb</c>: smallest growth step.</summary>
    public int MinMb { get; init; } = 64;

    /// <summary>Key <c>memory.max_mb</c>: largest limit of a sandbox; null (written 0): the host budget alone.</summary>
    public int? MaxMb { get; init; }

    /// <summary>Key <c>memory.max_step_mb</c>: largest automatic growth step.</summary>
    public int MaxStepMb { get; init; } = 2048;

    /// <summary>Key <c>memory.host_reserve_mb</c>: memory that is never promised; null (written <c>auto</c>): <see cref="HostReserveBytes"/> computes it.</summary>
    public int? HostReserveMb { get; init; }

    /// <summary>Key <c>memory.near_limit_some_avg10</c>: stall share, in percent, from which a sandbox counts as near its limit.</summary>
    public double NearLimitSomeAvg10 { get; init; } = 10.0;

    /// <summary>The memory that is never promised on a host of <paramref name="totalBytes"/>: the setting, or the larger of 512 MB and a tenth.</summary>
    public long HostReserveBytes(long totalBytes) =>
        HostReserveMb is { } mb ? mb * 1024L * 1024L : Math.Max(512L * 1024 * 1024, totalBytes / 10);
}
